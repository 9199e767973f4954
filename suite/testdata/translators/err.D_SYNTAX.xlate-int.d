BEGIN { xlate <int>; }
