#pragma ident "foo"
BEGIN { exit(0); }
