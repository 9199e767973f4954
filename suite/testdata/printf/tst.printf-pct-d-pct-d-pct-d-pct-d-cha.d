BEGIN { printf("%d %d %d %d", (char)-1, (uint8_t)255, (short)-5, (uint16_t)65535); exit(0); }
