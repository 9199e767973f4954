BEGIN { x = sizeof(int : 3); exit(0); }
