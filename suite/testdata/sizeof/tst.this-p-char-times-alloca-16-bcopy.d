BEGIN { this->p = (char *)alloca(16); bcopy("hello", this->p, 6); trace(stringof(this->p)); trace(this->p[1]); exit(0); }
