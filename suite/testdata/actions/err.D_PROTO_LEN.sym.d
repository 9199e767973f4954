BEGIN { sym(); exit(0); }
