struct { int; }; BEGIN { exit(0); }
