inline int x = 1;
#pragma D binding "9.9" x
BEGIN { trace(x); exit(0); }
