BEGIN { @a = quantize("a"); exit(0); }
