BEGIN, nosuch:::foo { exit(0); }
