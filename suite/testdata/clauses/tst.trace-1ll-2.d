BEGIN { trace(1lL); exit(0); }
