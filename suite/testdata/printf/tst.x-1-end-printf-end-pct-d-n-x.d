/* status: 5 */
BEGIN { x = 1; } END { printf("end %d\n", x); } BEGIN { exit(5); }
