/* args: -xaggsortkey */
BEGIN { @a[3] = sum(3); @a[2] = sum(1); @a[1] = sum(2); exit(0); }
