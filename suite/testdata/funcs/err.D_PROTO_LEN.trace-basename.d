BEGIN { trace(basename()); exit(0); }
