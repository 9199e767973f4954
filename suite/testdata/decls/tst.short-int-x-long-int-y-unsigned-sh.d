short int x; long int y; unsigned short int z; long long int w; unsigned u; signed s; BEGIN { exit(0); }
