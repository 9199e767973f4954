BEGIN { @a = min(execname); exit(0); }
