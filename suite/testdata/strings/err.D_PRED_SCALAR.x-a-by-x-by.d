BEGIN { x = "a"; } BEGIN /x/ { exit(0); }
