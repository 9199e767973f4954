BEGIN { trace(pid ? "a" : 2); exit(0); }
