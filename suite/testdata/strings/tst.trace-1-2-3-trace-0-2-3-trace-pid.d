BEGIN { trace(1 ? 2 : 3); trace(0 ? 2 : 3); trace(pid ? "yes" : "no"); x = pid > 0 ? 5 : 6; trace(x); exit(0); }
