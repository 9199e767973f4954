BEGIN /*(int *)8 == 0/ { trace(1); } BEGIN { exit(0); }
