/* args: -q */
BEGIN { (printf)("%d\n", (strlen)("abc")); exit(0); }
