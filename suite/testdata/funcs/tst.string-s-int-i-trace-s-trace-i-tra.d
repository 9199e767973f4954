string s; int i; BEGIN { trace(s); trace(i); trace(strlen(s)); trace(s == ""); trace(s == NULL); exit(0); }
