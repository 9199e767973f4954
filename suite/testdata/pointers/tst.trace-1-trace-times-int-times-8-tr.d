BEGIN { trace(1); trace(*(int *)8); trace(2); } BEGIN { exit(0); }
