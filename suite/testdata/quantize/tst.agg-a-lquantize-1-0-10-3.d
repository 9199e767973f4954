BEGIN { @a = lquantize(1, 0, 10, 3); exit(0); }
