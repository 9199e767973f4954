BEGIN { @a = lquantize(1, 0, "a"); exit(0); }
