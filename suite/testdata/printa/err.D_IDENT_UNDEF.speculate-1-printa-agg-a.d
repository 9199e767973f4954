BEGIN { speculate(1); printa(@a); }
