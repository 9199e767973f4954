int foo(int a[int]);
BEGIN{exit(0);}
