BEGIN { nosuch += 2; trace(nosuch); exit(0); }
