BEGIN { trace(strtok("a,b;c", ",;")); trace(strtok(NULL, ",;")); trace(strtok(NULL, ",;")); trace(strtok(NULL, ",;") == NULL); exit(0); }
