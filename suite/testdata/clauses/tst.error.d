/* stderr: invalid address \(0x0\) */
#pragma D option quiet

BEGIN { printf("lost %d\n", *(int *)0); }
BEGIN { printf("kept\n"); exit(0); }
ERROR { printf("%s %d %x\n", probename, arg4, arg5); }
