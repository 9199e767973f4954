inline int a[int x, int x] = x;
BEGIN{ trace(a[1,2]); exit(0);}
