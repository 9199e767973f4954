#pragma D ident "foo"
BEGIN { exit(0); }
