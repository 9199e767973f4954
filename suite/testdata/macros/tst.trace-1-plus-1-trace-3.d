/* args: -xdefaultargs */
BEGIN { trace($1 + 1); trace($$3); exit(0); }
