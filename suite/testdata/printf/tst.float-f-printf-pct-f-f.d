float f; BEGIN { printf("%f", f); exit(0); }
