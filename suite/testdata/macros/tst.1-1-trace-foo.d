/* args: foo */
BEGIN { $1 = 1; trace(foo); exit(0); }
