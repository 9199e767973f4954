/* args: -xdefaultargs */
BEGIN { trace($1); trace($$1); exit(0); }
