BEGIN { jstack("a"); exit(0); }
