BEGIN { trace(a``b); }
