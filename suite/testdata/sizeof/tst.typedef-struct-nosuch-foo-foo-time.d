typedef struct nosuch foo; foo *p; BEGIN { trace(sizeof(p)); exit(0); }
