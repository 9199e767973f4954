/* status: 44 */
BEGIN { exit(300); }
