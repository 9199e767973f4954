#pragma D option quiet

BEGIN
{
	printf("%s %s %s\n", lltostr(255, 16), lltostr(8, 8), lltostr(5, 2));
	printf("%d %d %d %d\n", strtoll("42"), strtoll("-0x10", 16), strtoll("777", 8), strtoll("12abc"));
	printf("%s %s\n", toupper("abcXyz1"), tolower("ABCxYZ1"));
	exit(0);
}
