typedef struct nosuch foo; foo p; BEGIN { exit(0); }
