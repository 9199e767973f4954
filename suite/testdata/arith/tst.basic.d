#pragma D option quiet

BEGIN
{
	printf("%d %d %d %d %d\n", 7 + 3, 7 - 10, 7 * 3, 7 / 3, 7 % 3);
	printf("%d %d\n", -7 / 3, -7 % 3);
	printf("%d %d %d\n", 6 & 3, 6 | 3, 6 ^ 3);
	printf("%d %d %d\n", 1 << 10, 1024 >> 3, -16 >> 2);
	printf("%d %d %d\n", ~5, -5, !5);
	printf("%x\n", 0xffffffff + 1);
	exit(0);
}
