BEGIN { @a = llquantize(0, 2, 0, 10, 2); @a = llquantize(1, 2, 0, 10, 2); @a = llquantize(3, 2, 0, 10, 2); @a = llquantize(2000, 2, 0, 10, 2); exit(0); }
