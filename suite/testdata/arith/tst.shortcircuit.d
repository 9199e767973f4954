#pragma D option quiet

BEGIN
{
	x = 0;
	r = x != 0 && 1 / x;
	s = x == 0 || 1 / x;
	t = x == 0 ? 5 : 1 / x;
	printf("%d %d %d\n", r, s, t);
	exit(0);
}
