BEGIN { @a = quantize(); exit(0); }
