BEGIN { @a = llquantize(1, 10, 0, 6, 20, 3); exit(0); }
