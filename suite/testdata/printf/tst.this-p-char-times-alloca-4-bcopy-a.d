BEGIN { this->p = (char *)alloca(4); bcopy("abcdefgh", this->p, 8); exit(0); } ERROR { printf("error %d\n", arg4); exit(1); }
