BEGIN { (1; }
