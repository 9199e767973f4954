BEGIN { trace(this->nosuch); exit(0); }
