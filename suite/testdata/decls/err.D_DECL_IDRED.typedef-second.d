int pid_t x;
BEGIN { }
