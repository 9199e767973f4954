BEGIN { printf("%d", trace(1)); exit(0); }
