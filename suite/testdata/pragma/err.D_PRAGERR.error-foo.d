#pragma D error foo
BEGIN { exit(0); }
