BEGIN { trace(link_ntop()); exit(0); }
