BEGIN { trace(lltostr()); exit(0); }
