#pragma D option quiet

BEGIN { printf("1"); }
BEGIN { printf("2"); }
BEGIN /0/ { printf("x"); }
BEGIN /1/ { printf("3"); }
BEGIN { printf("\n"); exit(0); }
END { printf("end\n"); }
