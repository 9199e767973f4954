/* args: -x aggpercpu */
/* hosts: local */

/* After each total come the values of the CPUs. */

BEGIN
{
	@k["b"] = count();
	@k["a"] = count();
	@k["a"] = count();
	@q = quantize(5);
	@l["x", 1] = lquantize(3, 0, 4, 1);
	@a = avg(4);
	@n = min(-3);
	@m = max(7);
	normalize(@m, 2);
	printa("%@d\n", @m);
	printa(@a);
	printa(@n, @m);
	exit(0);
}
