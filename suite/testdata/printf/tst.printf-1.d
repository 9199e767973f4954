/* args: a */
BEGIN { printf($$1); exit(0); }
