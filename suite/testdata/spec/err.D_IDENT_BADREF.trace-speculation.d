BEGIN { trace(speculation); exit(0); }
