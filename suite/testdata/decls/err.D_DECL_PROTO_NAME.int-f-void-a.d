int f(void a); BEGIN { exit(0); }
