inline int x = 1;
#pragma D binding "1.0" x
BEGIN { trace(x); exit(0); }
