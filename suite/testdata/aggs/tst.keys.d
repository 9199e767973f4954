#pragma D option quiet

BEGIN
{
	@x["b", 2] = count(); @x["a", 1] = count(); @x["a", 1] = count(); @x["c", -1] = count();
	@x["a", 10] = count();
	exit(0);
}
