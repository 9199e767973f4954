/* args: -xpspec=name */
/* status: 1 */
BEGIN { exit(0); }
