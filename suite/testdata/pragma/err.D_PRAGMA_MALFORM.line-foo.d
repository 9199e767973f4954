#line foo
BEGIN { exit(0); }
