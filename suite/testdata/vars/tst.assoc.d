#pragma D option quiet

BEGIN
{
	a[1, "x"] = 10;
	a[2, "x"] = 20;
	a[1, "y"] = 30;
	printf("%d %d %d %d\n", a[1, "x"], a[2, "x"], a[1, "y"], a[2, "y"]);
	a[1, "x"] = 0;
	printf("%d\n", a[1, "x"]);
	self->a[5] = 50;
	printf("%d %d\n", self->a[5], self->a[6]);
	exit(0);
}
