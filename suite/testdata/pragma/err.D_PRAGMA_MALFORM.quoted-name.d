inline int x = 1;
#pragma D attributes Stable/Stable/Common "x"
BEGIN { }
