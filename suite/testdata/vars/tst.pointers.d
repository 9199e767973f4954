#pragma D option quiet

struct n { int v; struct n *next; };
BEGIN
{
	this->a = (struct n *)alloca(sizeof (struct n));
	this->b = (struct n *)alloca(sizeof (struct n));
	this->a->v = 1;
	this->a->next = this->b;
	this->b->v = 2;
	this->b->next = NULL;
	printf("%d %d %d\n", this->a->v, this->a->next->v, this->a->next->next == NULL);
	this->i = (int *)alloca(16);
	this->i[0] = 5; this->i[3] = 8;
	*(this->i + 1) = 6;
	printf("%d %d %d %d\n", this->i[0], this->i[1], this->i[2], *(this->i + 3));
	bcopy(this->i, this->i + 2, 4);
	printf("%d\n", this->i[2]);
	exit(0);
}
