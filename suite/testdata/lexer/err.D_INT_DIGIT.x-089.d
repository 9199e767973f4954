BEGIN { x = 089; exit(0); }
