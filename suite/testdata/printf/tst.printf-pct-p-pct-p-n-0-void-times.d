BEGIN { printf("%p %p\n", 0, (void *)0x1234); printf("%s\n", "a\0b"); exit(0); }
