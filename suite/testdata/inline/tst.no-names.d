/* args: -q */
inline int x[int] = 7;
inline int y[int i, int] = i;
BEGIN { printf("%d %d\n", x, y[3, 4]); exit(0); }
