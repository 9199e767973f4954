BEGIN { x = 1; @a = count(); x = @a; exit(0); }
