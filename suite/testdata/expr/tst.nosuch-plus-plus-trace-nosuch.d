BEGIN { nosuch++; trace(nosuch); exit(0); }
