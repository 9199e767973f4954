BEGIN { @a = quantize(1, "a"); exit(0); }
