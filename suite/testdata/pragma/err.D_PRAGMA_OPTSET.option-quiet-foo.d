#pragma D option quiet=foo
BEGIN { exit(0); }
