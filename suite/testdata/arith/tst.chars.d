#pragma D option quiet

BEGIN
{
	printf("%d %d %d %d\n", 'a', '\n', '\0', '\x41');
	printf("%c%c%c\n", 'x', 121, 'z');
	printf("%d\n", 'ab');
	printf("%d\n", '\101');
	exit(0);
}
