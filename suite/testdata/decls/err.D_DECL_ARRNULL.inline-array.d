inline int a[5] = 1;
BEGIN{ trace(a[1]); exit(0);}
