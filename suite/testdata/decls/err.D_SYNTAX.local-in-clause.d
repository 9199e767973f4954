BEGIN { this int x; x = 1; }
