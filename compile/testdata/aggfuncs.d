BEGIN
{
	@a = count();
	@b = sum(pid);
	@c = avg(pid);
	@d = min(pid);
	@e = max(pid);
	@f = stddev(pid);
	@g = quantize(pid, 2);
	@h = lquantize(pid, 0, 100, 10, arg0);
	@i = llquantize(pid, 10, 0, 6, 20);
	@j["constant", 1] = count();
	normalize(@b, 10);
	printa("%@d\n", @b);
	trunc(@j, 5);
	clear(@a);
}
