BEGIN { umod((void *)0); }
