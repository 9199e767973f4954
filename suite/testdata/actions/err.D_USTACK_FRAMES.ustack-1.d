BEGIN { ustack(-1); exit(0); }
