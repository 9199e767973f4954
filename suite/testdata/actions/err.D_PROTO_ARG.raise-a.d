/* args: -w */
BEGIN { raise("a"); exit(0); }
