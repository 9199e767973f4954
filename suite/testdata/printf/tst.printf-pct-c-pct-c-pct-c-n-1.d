BEGIN { printf("%C%C%C", '\n', '\1', '\\'); exit(0); }
