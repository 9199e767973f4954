#pragma D option quiet

BEGIN
{
	@ = quantize(4, 10); @ = quantize(9, 3);
	@l = lquantize(2, 0, 5, 1, 7);
	exit(0);
}
