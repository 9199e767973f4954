int *p; BEGIN { p = (int *)3; trace(p); exit(0); }
