BEGIN { x = 0xf0; x |= 0xf; trace(x); x &= 0x3c; trace(x); x ^= 0xff; trace(x); x <<= 2; trace(x); x >>= 1; trace(x); x %= 7; trace(x); x *= -3; trace(x); exit(0); }
