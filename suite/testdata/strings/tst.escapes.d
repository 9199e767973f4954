#pragma D option quiet

BEGIN
{
	printf("a\tb\\c\"d\x41\101\n");
	printf("%S|%C\n", "tab\there", '\n');
	exit(0);
}
