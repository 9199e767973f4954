/* stderr: divide-by-zero */
#pragma D option quiet

BEGIN
{
	x = 0;
	printf("not printed %d\n", 1 / x);
}
BEGIN
{
	printf("next clause\n");
}
ERROR
{
	printf("fault %d\n", arg4);
	exit(0);
}
