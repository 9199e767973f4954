#pragma D option quiet

struct pt { int x; char c; long l; };
typedef struct pt pt_t;
pt_t g;
BEGIN
{
	g.x = 3;
	g.c = 'c';
	g.l = 1 << 20;
	this->p = g;
	printf("%d %c %d %d\n", this->p.x, this->p.c, this->p.l, sizeof (pt_t));
	printf("%d %d\n", offsetof(pt_t, c), offsetof(pt_t, l));
	exit(0);
}
