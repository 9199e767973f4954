BEGIN { trace(regs[0]); exit(0); }
