BEGIN { trace($taskid); exit(0); }
