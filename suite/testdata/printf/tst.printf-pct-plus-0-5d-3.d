BEGIN { printf("%-+ 0#'5d|", 3); exit(0); }
