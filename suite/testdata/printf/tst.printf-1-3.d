/* args: %d */
BEGIN { printf($$1, 3); exit(0); }
