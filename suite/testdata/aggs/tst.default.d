#pragma D option quiet

BEGIN
{
	@one = count();
	@two["k"] = sum(3);
	@q = quantize(5);
	@three[1, (char)2, (short)3, 4LL] = max(7);
	exit(0);
}
