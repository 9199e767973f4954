/* args: -c /nosuch */
/* status: 1 */
BEGIN { exit(0); }
