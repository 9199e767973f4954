BEGIN { commit(); exit(0); }
