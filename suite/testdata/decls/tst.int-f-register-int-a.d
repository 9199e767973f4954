int f(register int a); BEGIN { exit(0); }
