#pragma D foo
BEGIN { exit(0); }
