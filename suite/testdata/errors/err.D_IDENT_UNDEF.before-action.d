/* Actions are looked at once the whole clause has its types: a name that is unknown
   further down is reported before. */

BEGIN
{
	printf("%d");
	trace((void)1);
	@a = lquantize(1, 2, 1);
	commit(1);
	trace(nosuch);
	exit(0);
}
