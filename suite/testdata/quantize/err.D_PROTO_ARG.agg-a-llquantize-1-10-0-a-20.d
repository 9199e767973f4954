BEGIN { @a = llquantize(1, 10, 0, "a", 20); exit(0); }
