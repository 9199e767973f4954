BEGIN { printf("%ld %lu %lx %lo %li %lX", 1L, 2L, 3L, 8L, 4L, 255L); exit(0); }
