/* args: -q */

/* A normalized value is divided as it prints: signed or unsigned. */

BEGIN
{
	@a = sum(-10); @m = min(-10); @x = max(-10); @v = avg(-10); @s = stddev(-10); @s = stddev(5); @c = count();
	normalize(@a, 3); normalize(@m, 3); normalize(@x, 3); normalize(@v, 3); normalize(@s, 3);
	printa("%@d %@i %@u %@x %@o %@X\n", @a);
	printa("%@d %@u\n", @m);
	printa("%@d %@x\n", @x);
	printa("%@d %@u\n", @v);
	printa("%@d %@u\n", @s);
	printa("%@d %@u %@d\n", @c, @a);
	exit(0);
}
