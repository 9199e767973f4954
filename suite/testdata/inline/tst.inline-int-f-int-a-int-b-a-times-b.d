/* differs: the Linux port evaluates the argument of a nested use wrongly */
inline int f[int a, int b] = a * b + 1; BEGIN { trace(f[3, 4]); trace(f[f[1,2], 3]); exit(0); }
