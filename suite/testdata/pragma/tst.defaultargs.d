/* args: -q */
#pragma D option defaultargs

BEGIN
{
	printf("%d [%s]\n", $1 ? $1 : 10, $$2);
	exit(0);
}
