BEGIN { trace(0x7fffffff + 1); trace(1 << 31); trace(1 << 32); trace(-1 >> 1); trace(-1u >> 1); trace(5 / -2); trace(5 % -2); trace(-5 % 2); exit(0); }
