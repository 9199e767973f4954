
BEGIN { x = xlate <psinfo_t> (stack()); exit(0); }
