#pragma D option quiet

struct bf { int a : 3; unsigned int b : 5; int c : 24; };
BEGIN
{
	this->p = (struct bf *)alloca(sizeof (struct bf));
	this->p->a = -2;
	this->p->b = 17;
	this->p->c = 1000;
	printf("%d %d %d %d\n", this->p->a, this->p->b, this->p->c, sizeof (struct bf));
	exit(0);
}
