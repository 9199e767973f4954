
BEGIN { trace(strlen()); }
