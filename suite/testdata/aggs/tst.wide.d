#pragma D option quiet
#pragma D option aggsize=16m

/* Values larger than what the kernel keeps for each CPU. */
BEGIN
{
	@["a"] = lquantize(3, -1000000000, 1000000000, 65535);
	@["b"] = lquantize(-100000, -1000000000, 1000000000, 65535);
	@["b"] = lquantize(200000, -1000000000, 1000000000, 65535);
	exit(0);
}
