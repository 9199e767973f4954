BEGIN { trace(progenyof("a")); exit(0); }
