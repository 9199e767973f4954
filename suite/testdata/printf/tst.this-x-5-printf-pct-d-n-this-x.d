BEGIN { this->x = 5; } BEGIN { printf("%d\n", this->x); exit(0); }
