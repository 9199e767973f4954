BEGIN { trace(vmregs[0]); exit(0); }
