dtrace:::[A-B]EGIN { exit(0); }
