BEGIN /x == "abc"/ { exit(0); }
