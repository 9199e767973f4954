BEGIN { trace(B_READ); trace(SIGKILL); trace(ENOENT); trace(O_RDONLY); exit(0); }
