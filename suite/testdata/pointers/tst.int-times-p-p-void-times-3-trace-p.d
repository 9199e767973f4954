int *p; BEGIN { p = (void *)3; trace(p); exit(0); }
