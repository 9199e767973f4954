inline struct nosuch x = 1; BEGIN { exit(0); }
