typedef int foo;
int foo;
BEGIN{exit(0);}
