BEGIN { printf("%#x|%#X|%#o|%#d|", 42, 42, 42, 42); exit(0); }
