#pragma D option quiet

BEGIN
{
	a = "abc";
	b = "abd";
	printf("%d%d%d%d%d%d\n", a == b, a != b, a < b, a > b, a <= b, a >= b);
	printf("%d%d\n", a == "abc", "" == "");
	printf("%d\n", "abc" < "abcd");
	exit(0);
}
