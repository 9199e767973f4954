int a[5](int); BEGIN { exit(0); }
