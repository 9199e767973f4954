struct o { int x; }; translator struct o < int *p > { x = *p; }; BEGIN { this->p = (int *)alloca(4); y = xlate <struct o> (this->p); exit(0); }
