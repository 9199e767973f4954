BEGIN:foo { exit(0); }
