BEGIN { trace(htons()); exit(0); }
