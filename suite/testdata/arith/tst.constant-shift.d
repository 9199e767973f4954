#pragma D option quiet
/* Constants shift as unsigned numbers of 64 bits, variables by their types. */
BEGIN { printf("%d %d %d %d %d\n", -1 >> 40, -1L >> 1, -256 >> 4, (short)-1 >> 3, -8LL >> 2); }
BEGIN { x = -8L; printf("%d %d\n", x >> 1, 1L << 63 >> 63); exit(0); }
