BEGIN { xlate <int> (1); exit(0); }
