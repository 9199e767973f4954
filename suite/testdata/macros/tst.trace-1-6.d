/* args: 1k */
BEGIN { trace($1); exit(0); }
