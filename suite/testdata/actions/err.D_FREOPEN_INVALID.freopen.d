/* args: -w */
BEGIN { freopen("."); exit(0); }
