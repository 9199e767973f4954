/* The function is looked at before the keys. */

BEGIN { @a[nosuch] = sum(); exit(0); }
