int foo(self int a);
BEGIN{exit(0);}
