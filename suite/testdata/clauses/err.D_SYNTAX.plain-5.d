(BEGIN) { exit(0); }
