/* args: -q */
BEGIN { self->x = "abc"; printf("%s %d\n", self->x, strlen(self->x)); self->x = ""; printf("%s|%d\n", self->x, strlen(self->x)); self->x = "z"; printf("%s|%d\n", strjoin(self->x, self->x), self->x == "z"); exit(0); } ERROR { exit(1); }
