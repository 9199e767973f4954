/* args: -x nspec=2 */
/* differs: the Linux port prints nothing of what such a clause commits, or aborts */
/* commit() and discard() act at once in a clause that speculates. */
BEGIN { i = speculation(); j = speculation(); }
BEGIN { speculate(i); printf("one"); }
BEGIN { speculate(j); printf("two"); }
BEGIN { speculate(i); commit(j); }
BEGIN { printf("three"); }
BEGIN { speculate(i); commit(i); }
BEGIN { commit(i); commit(j); }
BEGIN { exit(0); }
