/* args: 1 */
BEGIN { exit(0); }
