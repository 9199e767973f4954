#pragma D option quiet

/* String operations, variables of the thread and faults within loops. */
int n;
self string t;
struct rec { int a; uint8_t b[4]; };
BEGIN
{
	this->r = (struct rec *)alloca(sizeof (struct rec));
	self->t = "";
	x = self->t >= "abc";
	this->i = 0;
	do {
		@a[this->i] = count();
		gstr = strchr(basename(substr("/usr/bin/cat", this->i)), 'c');
		if (this->i == 2)
			continue;
		self->t = strjoin(self->t, gstr);
		this->r->b[this->i & 3] += strlen(self->t);
	} while (++this->i < 5);
	printf("%d %s %s %d %d %d\n", x, gstr, self->t, this->r->b[0], this->r->b[1], this->r->b[3]);
	for (this->k = 0; this->k < 3; this->k++)
		for (this->j = 0; this->j < 4; this->j++) {
			if (this->j == 3)
				break;
			n += strlen(lltostr(this->j * 1000)) * this->k;
		}
	printf("%d\n", n);
}
BEGIN
{
	this->i = 10;
	while (this->i > 0) {
		n = 100 / (this->i - 5);
		this->i--;
	}
}
ERROR { printf("fault %d at %d\n", arg4, n); }
BEGIN { printf("%s\n", self->t); exit(0); }
