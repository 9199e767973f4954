/* stderr: invalid address \(0x0\) in predicate */
#pragma D option quiet

BEGIN / *(int *)0 / { printf("not\n"); }
BEGIN { exit(0); }
