/* differs: the Linux port accepts a scope in the name of an inline */
inline int a`x = 1; BEGIN { exit(0); }
