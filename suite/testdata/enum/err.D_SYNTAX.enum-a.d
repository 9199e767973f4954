enum { A = }; BEGIN { exit(0); }
