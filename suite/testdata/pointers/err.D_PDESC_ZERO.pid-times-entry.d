pid*:::entry { exit(0); }
