BEGIN { this->p = (char *)alloca(16); this->p[15] = 1; trace(inet_ntop(10, this->p)); this->p[0] = 0xfe; this->p[1] = 0x80; trace(inet_ntop(10, this->p)); trace(inet_ntop(2, this->p)); exit(0); }
