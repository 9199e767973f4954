BEGIN { xlate; }
