BEGIN { this->a = alloca(-1); exit(0); }
