BEGIN /args[0]/ { exit(0); }
