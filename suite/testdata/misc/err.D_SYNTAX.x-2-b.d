BEGIN { x =< 2; }
