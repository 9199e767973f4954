#pragma D line 40 "foo.d"
BEGIN { trace(nosuch); exit(0); }
