#pragma D attributes Foo
BEGIN { exit(0); }
