BEGIN { this->a = (int *)alloca(5 * sizeof(int)); this->a[0] = 1; this->a[4] = 7; printf("%d %d\n", this->a[0], this->a[4]); exit(0); }
