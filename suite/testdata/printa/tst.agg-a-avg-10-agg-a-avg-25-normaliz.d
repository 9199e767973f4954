BEGIN { @a = avg(10); @a = avg(25); normalize(@a, 5); printa(@a); @q = quantize(5, 100); normalize(@q, 10); printa(@q); exit(0); }
