typedef int foo[5]; foo v; BEGIN { v[2] = 1; trace(sizeof(v)); exit(0); }
