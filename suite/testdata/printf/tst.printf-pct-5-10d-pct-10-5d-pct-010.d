BEGIN { printf("%5.10d|%-10.5d|%010d|%+05d|", 3, 3, -3, 3); exit(0); }
