/* args: -q */
BEGIN { this->x = pid ? self->nil : "a"; printf("[%s]\n", this->x); exit(0); } ERROR { exit(1); }
