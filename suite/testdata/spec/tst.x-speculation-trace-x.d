BEGIN { x = speculation(); trace(x); exit(0); }
