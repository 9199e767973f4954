#pragma D option quiet

BEGIN
{
	s = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
	s = strjoin(s, s);
	s = strjoin(s, s);
	printf("%d %s\n", strlen(s), substr(s, 245));
	exit(0);
}
