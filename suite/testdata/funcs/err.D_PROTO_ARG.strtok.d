BEGIN { strtok((int *)0, "x"); }
