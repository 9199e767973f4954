/* status: 1 */
string a[string]; BEGIN { printf("%d [%s]\n", strlen(a["k"]), a["k"]); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
