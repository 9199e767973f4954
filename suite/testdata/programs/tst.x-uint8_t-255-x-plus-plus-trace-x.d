BEGIN { x = (uint8_t)255; x++; trace(x); y = (int8_t)127; y++; trace(y); z = 2147483647; z++; trace(z); exit(0); }
