#pragma D attributes Stable/Stab/Common x
BEGIN { exit(0); }
