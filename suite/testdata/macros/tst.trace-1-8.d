/* args: fo"o */
BEGIN { trace($$1); exit(0); }
