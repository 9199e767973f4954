
BEGIN { setopt("quiet"); printf("q\n"); exit(0); }
