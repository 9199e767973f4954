/* args: -w */
BEGIN { raise(); exit(0); }
