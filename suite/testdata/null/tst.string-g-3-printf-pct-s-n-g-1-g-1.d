/* args: -q */
string g[3]; BEGIN { printf("[%s]\n", g[1]); g[1] = "x"; printf("[%s]\n", g[1]); g[1] = ""; printf("[%s]\n", g[1]); exit(0); } ERROR { exit(1); }
