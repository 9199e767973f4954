#pragma D option quiet

BEGIN
{
	printf("%s %s\n", lltostr(42), lltostr(-7));
	exit(0);
}
