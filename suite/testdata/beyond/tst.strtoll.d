/* args: -q */
/* differs:   */
BEGIN
{
	printf("%d %d %d %d\n", strtoll("123"), strtoll("-45abc"), strtoll("0x1f"), strtoll("017"));
	printf("%d %d %d %d\n", strtoll("1f", 16), strtoll("0x1f", 16), strtoll("777", 8), strtoll("1010", 2));
	printf("%d %d %d %d\n", strtoll(""), strtoll("abc"), strtoll("  42"), strtoll("zz", 36));
	printf("%d %d\n", strtoll("9223372036854775807"), strtoll("+7"));
	exit(0);
}
