struct o { int x; int z; }; translator struct o < int *p > { x = *p; }; BEGIN { this->p = (int *)alloca(4); trace(xlate <struct o> (this->p).z); exit(0); }
