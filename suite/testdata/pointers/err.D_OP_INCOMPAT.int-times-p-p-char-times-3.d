int *p; BEGIN { p = (char *)3; exit(0); }
