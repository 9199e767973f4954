# pragma D option quiet
BEGIN { printf("a"); exit(0); }
