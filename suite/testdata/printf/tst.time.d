#pragma D option quiet

BEGIN
{
	printf("%Y\n", (int64_t)0);
	printf("%Y\n", 1000000000000000000);
	exit(0);
}
