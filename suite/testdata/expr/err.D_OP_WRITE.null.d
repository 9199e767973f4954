BEGIN { pid = NULL; }
