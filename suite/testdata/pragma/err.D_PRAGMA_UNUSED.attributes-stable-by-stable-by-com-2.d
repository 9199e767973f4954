#pragma D attributes Stable/Stable/Common provider nonesuch provider
BEGIN { exit(0); }
