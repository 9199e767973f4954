BEGIN { @ = lquantize(5, -10, 10, 5); @ = lquantize(-5, -10, 10, 5); @=lquantize(3, -10, 10, 5, 3); exit(0); }
