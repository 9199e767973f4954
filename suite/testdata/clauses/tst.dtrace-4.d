/* args: -xpspec=mod */
/* status: 1 */
dtrace:::BEGIN { exit(0); }
