#pragma D option quiet

inline int TEN = 10;
inline string NAME = "inl";
inline int add[int x, int y] = x + y;
BEGIN
{
	printf("%d %s %d\n", TEN * 2, NAME, add[3, TEN]);
	exit(0);
}
