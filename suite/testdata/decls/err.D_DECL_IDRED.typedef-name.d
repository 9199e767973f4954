unsigned pid_t;
BEGIN { }
