BEGIN { ustack(1, pid); exit(0); }
