BEGIN { @a = strlen("a"); exit(0); }
