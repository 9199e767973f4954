# 40 "foo.d"
BEGIN { trace(nosuch); exit(0); }
