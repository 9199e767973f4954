/* status: 7 */
#pragma D option quiet

BEGIN { exit(7); }
END { printf("end\n"); }
