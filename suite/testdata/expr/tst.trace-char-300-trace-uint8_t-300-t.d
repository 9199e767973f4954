BEGIN { trace((char)300); trace((uint8_t)300); trace((int8_t)200); trace((short)70000); trace((uint16_t)70000); trace((long)5); trace((unsigned long)-1); exit(0); }
