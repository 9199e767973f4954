#pragma D option quiet

BEGIN
{
	@ = llquantize(0, 10, 0, 3, 10); @ = llquantize(5, 10, 0, 3, 10); @ = llquantize(55, 10, 0, 3, 10);
	@ = llquantize(999, 10, 0, 3, 10); @ = llquantize(12345, 10, 0, 3, 10);
	exit(0);
}
