BEGIN { x = pid ? alloca(8) : 0; }
