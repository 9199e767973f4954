/* args: -q */
/* differs:   */
BEGIN
{
	printf("%s %s %s %s\n", lltostr(255, 16), lltostr(255, 8), lltostr(255, 2), lltostr(255, 10));
	printf("%s %s\n", lltostr(-1, 16), lltostr(35, 36));
	exit(0);
}
