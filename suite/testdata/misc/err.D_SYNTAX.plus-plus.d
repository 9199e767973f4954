BEGIN { ++; }
