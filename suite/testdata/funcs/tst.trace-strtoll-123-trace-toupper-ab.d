BEGIN { trace(strtoll("123")); trace(toupper("abc")); exit(0); }
