/* args: -q */
0x1 { printf("%s\n", probename); exit(0); }
