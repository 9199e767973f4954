#pragma D option quiet
#pragma D option strsize=16

self string t;
string junk;
BEGIN
{
	/* Nothing of what was there before shows behind a string's end. */
	junk = "0123456789";
	self->t = "abc";
	printf("%d %d %d %d\n", self->t[0], self->t[2], self->t[3], self->t[7]);
	self->t = junk;
	self->t = "x";
	printf("%d %d %d\n", self->t[0], self->t[1], self->t[5]);
	junk = strchr(junk, 'z');
	printf("%d %d %d\n", junk == NULL, junk[0], junk[1]);
}
BEGIN { this->p = (char *)alloca(20); printf("%s|%s\n", link_ntop(32, this->p), link_ntop(1, this->p)); }
BEGIN { x = junk[16]; }
BEGIN { x = junk[-1]; }
ERROR { printf("fault %d\n", arg4); }
BEGIN { exit(0); }
