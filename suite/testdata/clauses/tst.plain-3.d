/* args: -xpspec=foo */
/* status: 1 */
BEGIN { exit(0); }
