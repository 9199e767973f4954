#pragma D option quiet

BEGIN
{
	x = -1;
	y = 1;
	printf("%d%d%d%d%d%d\n", x < y, x <= y, x > y, x >= y, x == y, x != y);
	printf("%d%d\n", 0xffffffffffffffff > 1, (int)-1 < 0);
	printf("%d%d%d%d\n", x && 0, x && y, 0 || 0, 0 || y);
	printf("%d%d%d\n", 1 ^^ 1, 1 ^^ 0, 0 ^^ 0);
	printf("%s\n", x < y ? "less" : "more");
	printf("%d\n", 1 ? 2 ? 3 : 4 : 5);
	exit(0);
}
