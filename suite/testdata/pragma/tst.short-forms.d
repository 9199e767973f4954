#pragma D 5
#pragma D option pgmax=foo
#pragma D option quiet=5
inline int x = 1;
#pragma D attributes Stable/Stable x
#pragma D attributes Stable x
#pragma D binding "1" x
#line 10 "foo" 1 9
BEGIN { printf("%d\n", x); exit(0); }
