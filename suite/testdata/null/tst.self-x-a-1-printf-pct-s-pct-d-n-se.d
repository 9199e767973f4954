/* args: -q */
BEGIN { self->x = ""; a[1] = ""; printf("[%s] %d\n", self->x, self->x == NULL); printf("[%s] %d\n", a[1], a[1] == NULL); self->y[1] = ""; printf("[%s]\n", self->y[1]); exit(0); } ERROR { exit(1); }
