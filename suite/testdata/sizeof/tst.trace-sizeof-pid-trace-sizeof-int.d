BEGIN { trace(sizeof(pid)); trace(sizeof(int)); trace(sizeof("abcd")); trace(sizeof(char)); trace(sizeof(void *)); trace(sizeof(string)); exit(0); }
