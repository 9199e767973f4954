#line 40 foo
BEGIN { exit(0); }
