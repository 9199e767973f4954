/* status: 1 */
/* differs: the Linux port faults where a NULL string is printed */
BEGIN { printf("%s\n", strtok(NULL, " ")); exit(0); } ERROR { printf("error %d\n", arg4); exit(1); }
