#pragma D option quiet

BEGIN
{
	@a["x"] = count(); @a["y"] = count();
	clear(@a);
	printa("%s %@d\n", @a);
	@b["x"] = count();
	trunc(@b);
	printa("%s %@d\n", @b);
	@c[1] = sum(1); @c[2] = sum(2); @c[3] = sum(3);
	trunc(@c, 2);
	printa("%d %@d\n", @c);
	trunc(@c, -1);
	printa("%d %@d\n", @c);
	exit(0);
}
