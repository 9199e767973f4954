/* args: -q */
BEGIN { @a[1] = count(); @b = sum(3); printf("x\n"); exit(0); }
