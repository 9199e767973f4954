/* args: -q */
self string s; BEGIN { self->t = self->s; printf("%d\n", self->t == NULL); a[1] = self->s; printf("%d\n", a[1] == NULL); a[2] = a[1]; printf("%d\n", a[2] == NULL); self->t = ""; a[3] = self->t; printf("%d [%s]\n", a[3] == NULL, a[3]); g = a[3]; printf("%d [%s]\n", g == NULL, g); exit(0); } ERROR { exit(1); }
