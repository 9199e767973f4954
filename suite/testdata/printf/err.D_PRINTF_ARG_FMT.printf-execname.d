BEGIN { printf(execname); exit(0); }
