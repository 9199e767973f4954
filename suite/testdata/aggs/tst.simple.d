#pragma D option quiet

BEGIN
{
	@c = count(); @c = count();
	@s = sum(5); @s = sum(-7);
	@a = avg(10); @a = avg(21);
	@mi = min(5); @mi = min(-3); @mi = min(9);
	@ma = max(5); @ma = max(-3); @ma = max(9);
	@sd = stddev(2); @sd = stddev(4); @sd = stddev(4); @sd = stddev(4); @sd = stddev(5); @sd = stddev(5); @sd = stddev(7); @sd = stddev(9);
	printa("c %@d\n", @c); printa("s %@d\n", @s); printa("a %@d\n", @a);
	printa("mi %@d\n", @mi); printa("ma %@d\n", @ma); printa("sd %@d\n", @sd);
	exit(0);
}
