BEGIN { this->x(1); exit(0); }
