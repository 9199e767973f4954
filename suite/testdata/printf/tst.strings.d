#pragma D option quiet

BEGIN
{
	printf("|%s|%10s|%-10s|%.3s|%5.2s|\n", "abcdef", "abc", "abc", "abcdef", "abcdef");
	printf("|%*s|\n", 8, "abc");
	exit(0);
}
