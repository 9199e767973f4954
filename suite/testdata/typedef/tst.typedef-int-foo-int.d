typedef int foo(int); BEGIN { exit(0); }
