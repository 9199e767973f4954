BEGIN { ustack(0); exit(0); }
