
BEGIN { trace(*1); }
