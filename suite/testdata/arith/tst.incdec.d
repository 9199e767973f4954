#pragma D option quiet

BEGIN
{
	x = 5;
	printf("%d %d %d %d %d\n", x++, x, ++x, x--, --x);
	this->y = 3;
	printf("%d %d\n", this->y++, ++this->y);
	self->z = 9;
	printf("%d %d\n", self->z--, self->z);
	a["k"]++;
	a["k"]++;
	printf("%d\n", a["k"]);
	exit(0);
}
