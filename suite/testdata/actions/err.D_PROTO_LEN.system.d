/* args: -w */
BEGIN { system(); exit(0); }
