BEGIN { trace(1ull); exit(0); }
