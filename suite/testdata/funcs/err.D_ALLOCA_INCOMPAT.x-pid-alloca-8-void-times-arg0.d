BEGIN { x = pid ? alloca(8) : (void *)arg0; exit(0); }
