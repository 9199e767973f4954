/* args: -q */
/* differs:   */
BEGIN
{
	printf("%s %s %s\n", toupper("aBc-1z"), tolower("AbC-1Z"), toupper(""));
	printf("%d\n", strlen(toupper(tolower("xYz"))));
	exit(0);
}
