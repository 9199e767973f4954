/* args: -w */
BEGIN { freopen("/tmp/%d"); exit(0); }
