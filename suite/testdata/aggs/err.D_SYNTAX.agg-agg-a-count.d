BEGIN { @@a = count(); }
