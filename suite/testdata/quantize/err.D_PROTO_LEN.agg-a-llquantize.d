BEGIN { @a = llquantize(); exit(0); }
