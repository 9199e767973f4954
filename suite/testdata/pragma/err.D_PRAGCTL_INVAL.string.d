#pragma D "foo"
BEGIN { }
