BEGIN { printf("%d %d %d\n", 'a', '\t', '\x7f'); printf("%c%c\n", 0x41, 66); exit(0); }
