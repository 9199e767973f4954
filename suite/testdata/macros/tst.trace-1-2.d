/* args: 12a */
BEGIN { trace($1); exit(0); }
