BEGIN { printf("%5s|%-5s|%.2s|%5.2s|", "abc", "abc", "abc", "abc"); exit(0); }
