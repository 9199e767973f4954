/* status: 4 */
#pragma D option quiet

/* exit() ends the firing that faulted, not that of ERROR. */
BEGIN { x = *(int *)0; }
BEGIN { printf("not reached\n"); }
ERROR { printf("first\n"); exit(3); }
ERROR { printf("second\n"); }
END { printf("end\n"); exit(4); }
END { printf("end again\n"); }
