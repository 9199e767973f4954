
BEGIN { printf("%d"); }
