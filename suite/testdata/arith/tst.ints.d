#pragma D option quiet

BEGIN
{
	printf("%d %d %d %d\n", 0x10, 010, 10, 10UL);
	printf("%d\n", sizeof (1));
	printf("%d\n", sizeof (2147483648));
	printf("%d\n", sizeof (1LL));
	printf("%u\n", 18446744073709551615u);
	exit(0);
}
