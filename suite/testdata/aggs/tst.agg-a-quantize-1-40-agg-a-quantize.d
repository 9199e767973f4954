BEGIN { @a = quantize(1 << 40); @a = quantize(0x7fffffffffffffff); @a = quantize(-9223372036854775807 - 1); exit(0); }
