BEGIN { this->a = (char *)alloca(10); this->b = (char *)alloca(10); bcopy("123456789", this->a, 10); bcopy(this->a, this->b, 10); printf("%s\n", stringof(this->b)); exit(0); }
