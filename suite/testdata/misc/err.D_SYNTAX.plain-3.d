BEGIN { exit(0); } ;
