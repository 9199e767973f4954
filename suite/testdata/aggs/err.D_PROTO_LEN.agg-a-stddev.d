BEGIN { @a = stddev(); exit(0); }
