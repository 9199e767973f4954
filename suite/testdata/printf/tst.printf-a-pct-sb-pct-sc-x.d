BEGIN { printf("a%sb%sc", "", "x"); exit(0); }
