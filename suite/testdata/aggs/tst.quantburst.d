/* Many new tuples with large values in one firing. */
#pragma D option quiet
BEGIN
{
	for (i = 0; i < 150; i++)
		@q[i] = quantize(i);
	exit(0);
}
END
{
	printa("%d\n", @q);
}
