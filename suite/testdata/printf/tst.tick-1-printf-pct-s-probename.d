/* args: 10ms */
tick-$1 { printf("%s", probename); exit(0); }
