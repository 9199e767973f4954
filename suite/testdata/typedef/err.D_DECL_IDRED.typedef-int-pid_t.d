typedef int pid_t; BEGIN { exit(0); }
