BEGIN { printa(@nosuch[1]); exit(0); }
