#pragma D option quiet

BEGIN
{
	s = "hello";
	printf("%s %d\n", s, strlen(s));
	printf("%s\n", strjoin(s, ", world"));
	printf("%s|%s|%s\n", substr(s, 1), substr(s, 1, 3), substr(s, -3));
	printf("%s|%s\n", substr(s, -3, 2), substr(s, 10));
	printf("%d %d %d\n", index(s, "l"), rindex(s, "l"), index(s, "z"));
	printf("%d %d\n", index(s, "l", 3), rindex(s, "l", 2));
	printf("%s|%s\n", strchr(s, 'l'), strrchr(s, 'l'));
	printf("%s\n", strstr(s, "ll"));
	printf("%d%d\n", strchr(s, 'z') == NULL, strstr(s, "lo") == NULL);
	exit(0);
}
