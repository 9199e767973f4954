BEGIN { printf("%e %E %g %G", 1, 1, 1, 1); exit(0); }
