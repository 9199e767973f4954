BEGIN { setopt(); exit(0); }
