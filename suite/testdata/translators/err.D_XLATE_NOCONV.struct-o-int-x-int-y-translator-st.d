struct o { int x; int y; }; translator struct o < int *p > { x = *p; }; BEGIN { this->p = (int *)alloca(4); trace(xlate <struct o> (this->p).y); exit(0); }
