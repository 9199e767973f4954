/* args: 09 */
BEGIN { trace($1); exit(0); }
