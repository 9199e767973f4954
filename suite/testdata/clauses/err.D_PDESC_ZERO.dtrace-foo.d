dtrace:foo::BEGIN { exit(0); }
