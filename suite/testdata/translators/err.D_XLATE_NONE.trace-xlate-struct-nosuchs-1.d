BEGIN { trace(xlate <struct nosuchs> (1)); exit(0); }
