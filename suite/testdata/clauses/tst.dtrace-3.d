/* args: -xpspec=provider */
/* status: 1 */
dtrace { exit(0); }
