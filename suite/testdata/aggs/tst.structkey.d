#pragma D option quiet

struct s { int a; int b; };
BEGIN
{
	this->s = (struct s *)alloca(sizeof (struct s));
	this->s->a = 1;
	this->s->b = 2;
	@[this->s->a, this->s->b] = count();
	exit(0);
}
