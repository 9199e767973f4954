/* stderr: 1 error in ERROR probe */
#pragma D option quiet

/* ERROR is a firing of its own: scratch memory, strtok(), this-> of the one that
   faulted are as they were, and so is what later clauses of ERROR are told. */
this int v;
BEGIN
{
	this->v = 1;
	this->p = (char *)alloca(8);
	this->p[0] = 'x';
	this->t = strtok("a,b,c", ",");
	n = *(int *)8;
}
BEGIN
{
	this->q = (char *)alloca(8);
	printf("%d %c %s %d\n", this->v, this->p[0], strtok(NULL, ","), this->q - this->p);
}
ERROR
{
	this->v = 2;
	this->e = (char *)alloca(100);
	this->e[0] = 'y';
	printf("%d %s %d\n", strtok(NULL, ",") == NULL, strtok("d;e", ";"), arg5);
}
ERROR { m = 1 / (n * 0); }
ERROR { printf("%d %d %d\n", arg4, arg5, this->v); }
BEGIN { exit(0); }
