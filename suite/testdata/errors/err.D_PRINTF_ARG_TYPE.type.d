
BEGIN { printf("%d", "s"); }
