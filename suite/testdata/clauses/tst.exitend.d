/* status: 4 */
#pragma D option quiet

BEGIN { exit(3); }
BEGIN { printf("after exit\n"); }
END { printf("end\n"); exit(4); }
