/* args: -q */
BEGIN { self->x = substr("abc", 5); printf("[%s] %d\n", self->x, self->x == NULL); y = self->x; printf("[%s] %d\n", y, y == NULL); self->z = y; printf("[%s] %d\n", self->z, self->z == NULL); exit(0); } ERROR { exit(1); }
