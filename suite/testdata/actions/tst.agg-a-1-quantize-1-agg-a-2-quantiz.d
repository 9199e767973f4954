BEGIN { @a[1] = quantize(1); @a[2] = quantize(2); @a[2] = quantize(3); trunc(@a, 1); exit(0); }
