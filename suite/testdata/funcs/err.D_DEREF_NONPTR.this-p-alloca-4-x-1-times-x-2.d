BEGIN { this->p = alloca(4); x = 1; *x = 2; exit(0); }
