BEGIN { this->p = alloca(1000000); exit(0); } ERROR { printf("%d", arg4); exit(1); }
