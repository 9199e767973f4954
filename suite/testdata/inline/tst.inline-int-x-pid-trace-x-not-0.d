inline int x = pid; BEGIN { trace(x != 0); exit(0); }
