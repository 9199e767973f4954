BEGIN { @a = lquantize(1, 0, 10, 1, "a"); exit(0); }
