BEGIN { this->p = (ipaddr_t *)alloca(4); *this->p = 0x0100007f; trace(inet_ntoa(this->p)); exit(0); }
