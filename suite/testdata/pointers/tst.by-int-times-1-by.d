BEGIN /(int *)1/ { exit(0); }
