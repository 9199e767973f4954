BEGIN { trace((int8_t)200 >> 1); trace((uint8_t)200 << 1); trace(1 << 33); trace(1L << 33); trace(1 << -1); trace(-8 >> 1); trace(0x80000000 >> 4); exit(0); }
