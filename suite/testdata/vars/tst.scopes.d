#pragma D option quiet

BEGIN
{
	g = 1;
	self->t = 2;
	this->c = 3;
}
BEGIN
{
	printf("%d %d %d\n", g, self->t, this->c);
	exit(0);
}
END
{
	printf("%d %d\n", g, self->t);
}
