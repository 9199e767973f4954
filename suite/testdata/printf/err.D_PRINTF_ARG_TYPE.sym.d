BEGIN { printf("%s", sym(1)); }
