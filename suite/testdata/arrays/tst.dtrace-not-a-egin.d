dtrace:::[!A]EGIN { exit(0); }
