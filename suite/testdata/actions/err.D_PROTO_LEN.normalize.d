BEGIN { normalize(); exit(0); }
