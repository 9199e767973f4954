BEGIN { @a[1] = avg(10); @a[1] = avg(20); @b[1] = stddev(10); @b[1] = stddev(20); @c = min(5); @c = min(3); @d = max(5); @d = max(9); exit(0); }
