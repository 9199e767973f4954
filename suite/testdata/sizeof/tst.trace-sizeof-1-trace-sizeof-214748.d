BEGIN { trace(sizeof(1)); trace(sizeof(2147483648)); trace(sizeof(4294967296)); trace(sizeof('a')); trace(sizeof('ab')); trace(sizeof(1L)); trace(sizeof("abc")); exit(0); }
