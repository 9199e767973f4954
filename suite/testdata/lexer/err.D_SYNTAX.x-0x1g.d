BEGIN { x = 0x1g; exit(0); }
