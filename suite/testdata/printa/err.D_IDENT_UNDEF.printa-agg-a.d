BEGIN { printa(@a); exit(0); }
