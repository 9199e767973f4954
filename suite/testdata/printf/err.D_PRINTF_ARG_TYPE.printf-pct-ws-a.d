BEGIN { printf("%ws", "a"); exit(0); }
