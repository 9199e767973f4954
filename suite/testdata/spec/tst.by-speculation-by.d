BEGIN /speculation()/ { exit(0); }
