#line 40
BEGIN { trace(nosuch); exit(0); }
