BEGIN { @ = llquantize(1, 10, 0, 3, 10); @ = llquantize(15, 10, 0, 3, 10); @ = llquantize(1500, 10, 0, 3, 10); @=llquantize(100000, 10, 0, 3, 10); @=llquantize(0, 10, 0, 3, 10); exit(0); }
