BEGIN { @a = lquantize(); exit(0); }
