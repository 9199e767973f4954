#pragma D option quiet

/* A loop in ERROR, after faults of several kinds. */
self string t;
int n;
BEGIN { self->t = ""; x = *(int *)8; }
BEGIN { self->t = "t"; x = 1 / n; }
BEGIN { s = "abc"; x = s[n - 1]; }
ERROR
{
	this->i = 0;
	do {
		this->s = strjoin(strchr("xyz", 'y'), lltostr(this->i));
		if (arg4 == 4)
			continue;
		self->t = strjoin(self->t, this->s);
	} while (++this->i < 3);
	printf("%d %d %d %s\n", arg4, arg5, arg2, self->t);
	if (arg4 == 1) { printf("address\n"); } else if (arg4 == 4) { printf("division\n"); } else { printf("index\n"); }
}
BEGIN { exit(0); }
END { printf("%s\n", self->t); }
