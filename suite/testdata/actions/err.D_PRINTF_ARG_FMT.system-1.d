/* args: -w */
BEGIN { system(1); exit(0); }
