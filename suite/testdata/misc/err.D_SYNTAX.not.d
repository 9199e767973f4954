BEGIN { !; }
