BEGIN { x = 1 ? (int *)1 : (char *)1; exit(0); }
