
BEGIN { trace($1); }
