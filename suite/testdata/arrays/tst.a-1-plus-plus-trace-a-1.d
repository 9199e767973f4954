BEGIN { a[1]++; trace(a[1]); exit(0); }
