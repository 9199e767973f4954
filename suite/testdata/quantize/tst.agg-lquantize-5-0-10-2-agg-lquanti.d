BEGIN { @ = lquantize(5, 0, 10, 2); @ = lquantize(-5, 0, 10, 2); @ = lquantize(50, 0, 10, 2); exit(0); }
