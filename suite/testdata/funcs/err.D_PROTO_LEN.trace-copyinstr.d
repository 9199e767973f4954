BEGIN { trace(copyinstr()); exit(0); }
