/* args: -w */
BEGIN { freopen(1); exit(0); }
