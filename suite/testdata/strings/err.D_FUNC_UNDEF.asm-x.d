BEGIN { asm("x"); }
