BEGIN { @a = llquantize(1, "a", 0, 6, 20); exit(0); }
