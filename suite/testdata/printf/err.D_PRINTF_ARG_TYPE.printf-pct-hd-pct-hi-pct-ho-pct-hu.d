BEGIN { printf("%hd|%hi|%ho|%hu|%hx|%hX", (short)1, (short)-2, (short)8, (short)-1, (short)-1, (short)-1); exit(0); }
