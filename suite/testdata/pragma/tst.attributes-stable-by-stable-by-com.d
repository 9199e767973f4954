#pragma D attributes Stable/Stable/Common provider dtrace provider
BEGIN { exit(0); }
