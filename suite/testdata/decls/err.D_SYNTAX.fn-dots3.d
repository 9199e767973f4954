int foo(int, ..., int);
BEGIN{exit(0);}
