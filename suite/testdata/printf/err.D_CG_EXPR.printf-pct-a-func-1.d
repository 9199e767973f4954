BEGIN { printf("%a", func(1)); exit(0); }
