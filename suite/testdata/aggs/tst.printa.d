#pragma D option quiet

BEGIN
{
	@a["x", 1] = count(); @b["x", 1] = sum(20); @a["y", 2] = count(); @a["y", 2] = count();
	printa(@a);
	printa("%-5s %5d %@8d\n", @a);
	printa("%s %d %@d %@d\n", @a, @b);
	printa(@a, @b);
	exit(0);
}
