/* status: 1 */
/* differs: the Linux port reads an invalid address as an empty string in stringof */
BEGIN { trace(stringof((char *)8)); exit(0); } ERROR { printf("%d %x", arg4, arg5); exit(1); }
