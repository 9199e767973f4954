/* args: 017 */
BEGIN { trace($1); exit(0); }
