BEGIN { 1); }
