#pragma D depends_on provider foo
BEGIN { exit(0); }
