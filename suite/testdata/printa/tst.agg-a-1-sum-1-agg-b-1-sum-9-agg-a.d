/* args: -xaggsortpos=1 -xaggsortrev */
BEGIN { @a[1] = sum(1); @b[1] = sum(9); @a[2] = sum(2); @b[2] = sum(5); printa(@a, @b); exit(0); }
