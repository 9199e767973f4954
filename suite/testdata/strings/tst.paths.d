#pragma D option quiet

BEGIN
{
	printf("%s|%s|%s\n", basename("/a/b/c"), basename("/a/b/"), basename("/"));
	printf("%s|%s|%s\n", dirname("/a/b/c"), dirname("/a/b/"), dirname("x"));
	printf("%s|%s\n", cleanpath("/a/./b/../c"), cleanpath("/a//b"));
	printf("%s|%s\n", basename(""), dirname(""));
	exit(0);
}
