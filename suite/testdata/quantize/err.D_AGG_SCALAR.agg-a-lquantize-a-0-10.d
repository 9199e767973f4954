BEGIN { @a = lquantize("a", 0, 10); exit(0); }
