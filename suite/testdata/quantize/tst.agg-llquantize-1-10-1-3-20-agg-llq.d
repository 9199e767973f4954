BEGIN { @ = llquantize(1, 10, 1, 3, 20); @ = llquantize(150, 10, 1, 3, 20); @ = llquantize(-150, 10, 1, 3, 20); exit(0); }
