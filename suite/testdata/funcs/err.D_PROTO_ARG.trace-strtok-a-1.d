BEGIN { trace(strtok("a", 1)); exit(0); }
