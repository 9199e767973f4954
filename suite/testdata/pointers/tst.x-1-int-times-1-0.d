BEGIN { x = 1 ? (int *)1 : 0; exit(0); }
