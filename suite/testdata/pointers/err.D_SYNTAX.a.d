BEGIN { a->; }
