/* args: -xaggsortkey -xaggsortkeypos=1 */
BEGIN { @a[3,"b"] = sum(3); @a[2,"c"] = sum(1); @a[1,"a"] = sum(2); exit(0); }
