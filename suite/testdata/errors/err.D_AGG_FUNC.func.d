
BEGIN { @a = strlen("x"); }
