BEGIN { printf("%i %u %o %x %X", 1, 2, 8, 255, 255); exit(0); }
