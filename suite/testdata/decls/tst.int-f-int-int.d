int f(int)(int); BEGIN { exit(0); }
