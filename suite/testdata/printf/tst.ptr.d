#pragma D option quiet

BEGIN
{
	printf("%p %p\n", (void *)0x1234, NULL);
	exit(0);
}
