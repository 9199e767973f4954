BEGIN { printf("%#5x|%-#8x|%#08x|", 42, 42, 42); exit(0); }
