BEGIN { trace(nosuch); }
END { trace(1; }
