BEGIN { trace(basename(1)); exit(0); }
