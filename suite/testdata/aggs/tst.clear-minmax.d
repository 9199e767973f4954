/* args: -q */

/* A minimum or maximum that was cleared is the number that any other replaces. */

BEGIN
{
	@mn["a"] = min(5); @mx["a"] = max(5); @av["a"] = avg(5); @k = min(3);
	clear(@mn); clear(@mx); clear(@av); clear(@k);
	printa(@mn); printa(@mx); printa(@av); printa(@k);
	printa("%s %@d %@d %@d\n", @mn, @mx, @av);
}

tick-200ms
/n++ == 2/
{
	@mn["b"] = min(6); @mn["a"] = min(9); @mx["a"] = max(-3); @k = min(7);
	printa(@mn); printa(@mx); printa(@k);
	printa("%s %@d %@d %@d\n", @mn, @mx, @av);
	exit(0);
}
