#pragma D binding "1.0" pid ppid
BEGIN{ trace(pid); exit(0);}
