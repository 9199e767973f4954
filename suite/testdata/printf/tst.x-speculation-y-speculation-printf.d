/* args: -xnspec=1 */
BEGIN { x = speculation(); y = speculation(); printf("%d %d\n", x, y); exit(0); }
