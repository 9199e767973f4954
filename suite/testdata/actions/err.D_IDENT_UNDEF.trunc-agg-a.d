BEGIN { trunc(@a); exit(0); }
