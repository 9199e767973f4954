/* args: trace(1) */
BEGIN { $1; exit(0); }
