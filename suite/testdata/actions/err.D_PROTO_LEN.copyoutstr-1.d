/* args: -w */
BEGIN { copyoutstr(1); exit(0); }
