BEGIN
{
	printf("%d %s\n", 1 + 2, "x");
	exit(0);
}
