/* args: -q */

/* An aggregation may be named before the statement that gives it a function. */

BEGIN { clear(@b[1]); @b[1] = count(); printa("%d %@d\n", @b); exit(0); }
