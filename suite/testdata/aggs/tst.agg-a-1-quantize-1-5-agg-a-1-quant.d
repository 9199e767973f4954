BEGIN { @a[1] = quantize(1, 5); @a[1] = quantize(4, -2); exit(0); }
