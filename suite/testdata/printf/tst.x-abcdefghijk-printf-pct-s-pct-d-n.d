/* args: -xstrsize=8 */
/* differs: the Linux port counts a byte more than it keeps */
BEGIN { x = "abcdefghijk"; printf("[%s] %d\n", x, strlen(x)); y = strjoin("abcdef", "ghijkl"); printf("[%s] %d\n", y, strlen(y)); exit(0); }
