typedef int foo[int];
foo x;
BEGIN { }
