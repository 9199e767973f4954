BEGIN { printf("[%s][%s][%s]\n", strchr("abc", 0), strchr("abc", 'c'), strrchr("abca", 'a')); exit(0); }
