BEGIN { mod(); exit(0); }
