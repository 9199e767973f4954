/* args: -xaggsortpos=1 */
BEGIN { @a[1] = sum(3); @b[1] = sum(1); @a[2] = sum(2); @b[2] = sum(5); @a[3] = sum(1); @b[3] = sum(3); printa(@a, @b); exit(0); }
