BEGIN { x = 18446744073709551615; trace(x); exit(0); }
