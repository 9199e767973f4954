#pragma D attributes Stable/Stable/Common provider dtrace foo
BEGIN { exit(0); }
