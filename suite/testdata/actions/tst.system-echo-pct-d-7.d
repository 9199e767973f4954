/* args: -w */
BEGIN { system("echo %d", 7); exit(0); }
