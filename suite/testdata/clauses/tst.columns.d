
BEGIN { trace(1); trace("two"); }
BEGIN { x = 1; }
BEGIN { printf("three"); exit(0); }
