BEGIN { @a = llquantize(1, 10, "a", 6, 20); exit(0); }
