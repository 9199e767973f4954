/* status: 1 */
int a[5]; BEGIN { i = 7; trace(a[i]); exit(0); } ERROR { printf("err %d %d\n", arg4, arg5); exit(1); }
