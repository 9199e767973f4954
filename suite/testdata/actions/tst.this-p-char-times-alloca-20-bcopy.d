/* differs: the Linux port loads from scratch memory wrongly */
BEGIN { this->p = (char *)alloca(20); bcopy("hello world", this->p, 12); tracemem(this->p, 20); tracemem(this->p, 20, 5); tracemem(this->p, 20, 30); tracemem(this->p,20,0); tracemem(this->p,20,-1); exit(0); }
