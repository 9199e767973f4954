/* args: -q */
/* hosts: linux */

/* Stacks of the kernel and of processes are values of variables of every class
   and keys of associative arrays. */

BEGIN
{
	y = stack();
	self->s = ustack(2);
	this->t = this->u = y;
	e[1] = self->s;
	a[stack()] = 1;
	a[y] += 10;
	a[self->s] = 100;
	printf("%d %d %d\n", a[stack()], a[this->u], a[e[1]]);
	y = self->s;
	printf("%d\n", a[y]);
	self->s = 0;
	e[1] = 0;
	printf("%d %d\n", a[self->s], a[e[1]]);
	self->k[stack(3), execname, 7] = 3;
	printf("%d %d\n", self->k[stack(3), execname, 7], self->k[stack(3), execname, 8]);
	@[y] = sum(1);
	@[ustack(2)] = sum(2);
	@[stack()] = sum(10);
	printa("%@d\n", @);
	b[stack(2)] = 7;
	printf("%d %d\n", b[stack(2)], b[stack(1)]);
	printf("%d\n", strlen(execname) > 0);
	exit(0);
}
