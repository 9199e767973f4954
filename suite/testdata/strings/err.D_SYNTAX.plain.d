"BEGIN" { exit(0); }
