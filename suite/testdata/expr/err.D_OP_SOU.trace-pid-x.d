BEGIN { trace(pid.x); exit(0); }
