BEGIN { this->x[1] = 1; exit(0); }
