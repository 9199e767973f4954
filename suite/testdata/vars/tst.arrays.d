#pragma D option quiet

int a[5];
BEGIN
{
	a[0] = 1; a[1] = 2; a[4] = 5;
	i = 1;
	printf("%d %d %d %d\n", a[0], a[i], a[i + 3], a[2]);
	a[i] += 40;
	printf("%d %d\n", a[1], sizeof (a));
	exit(0);
}
