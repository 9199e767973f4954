inline int x = 1;
#pragma D binding "a.b" x
BEGIN { trace(x); exit(0); }
