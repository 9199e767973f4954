BEGIN { trace(alloca("a")); exit(0); }
