BEGIN { @a = llquantize(1, 2, 0, 62, 2); exit(0); }
