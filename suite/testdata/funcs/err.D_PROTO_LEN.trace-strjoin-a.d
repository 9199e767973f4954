BEGIN { trace(strjoin("a")); exit(0); }
