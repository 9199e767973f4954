#pragma foo
BEGIN { exit(0); }
