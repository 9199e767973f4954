BEGIN { nosuch *= 2; exit(0); }
