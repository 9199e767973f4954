/* args: foo */
BEGIN { foo = 3; trace($1); exit(0); }
