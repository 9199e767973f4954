BEGIN { trace(sizeof(int *)); trace(sizeof(int [5])); exit(0); }
