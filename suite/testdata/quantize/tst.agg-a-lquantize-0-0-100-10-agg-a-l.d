BEGIN { @a = lquantize(0, 0, 100, 10); @a = lquantize(100, 0, 100, 10); @a = lquantize(-1, 0, 100, 10); @a = lquantize(55, 0, 100, 10, 7); printa(@a); exit(0); }
