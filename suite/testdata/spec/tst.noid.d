/* args: -q -x nspec=2 */
/* stderr: illegal operation in action #1 */

/* Ending a speculation of a number that there is not is an illegal operation,
   speculating on one has no effect; 0 and speculations that are not active may be
   ended. */

BEGIN { discard(77); }
BEGIN { commit(3); }
BEGIN { speculate(77); printf("no\n"); }
BEGIN { commit(-1); }
BEGIN { discard(-1); }
BEGIN { speculate(-1); printf("no\n"); }
BEGIN { commit(2); }
BEGIN { discard(2); }
BEGIN { commit(0); }
BEGIN { discard(0); }
BEGIN { speculate(2); printf("no\n"); }
BEGIN { speculate(0); printf("no\n"); }
ERROR { printf("%d %d\n", arg4, arg5); }
BEGIN { exit(0); }
