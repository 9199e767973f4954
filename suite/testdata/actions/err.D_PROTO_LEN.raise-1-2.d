/* args: -w */
BEGIN { raise(1, 2); exit(0); }
