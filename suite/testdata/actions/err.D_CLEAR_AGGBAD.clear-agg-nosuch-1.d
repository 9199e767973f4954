BEGIN { clear(@nosuch[1]); exit(0); }
