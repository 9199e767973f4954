#pragma D option quiet

BEGIN
{
	@a = sum(1000);
	normalize(@a, 10);
	printa("%@d\n", @a);
	denormalize(@a);
	printa("%@d\n", @a);
	exit(0);
}
