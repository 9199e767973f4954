#pragma D option quiet

enum color { RED, GREEN = 5, BLUE };
enum color c;
BEGIN
{
	c = BLUE;
	printf("%d %d %d %d\n", RED, GREEN, c, c == BLUE);
	exit(0);
}
