BEGIN { copyin(); exit(0); }
