
BEGIN { trace(nosuch); }
