BEGIN { @a = llquantize(1, 2, 0, 6, 2); exit(0); }
