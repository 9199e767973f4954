BEGIN { @a = llquantize(1, 10, 6, 0, 20); exit(0); }
