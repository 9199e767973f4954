#pragma D option quiet

BEGIN
{
	this->p = (char *)alloca(8);
	this->q = (char *)alloca(8);
	n = 0;
	bcopy(this->q, this->p, n);
	bcopy((void *)1, this->p, n);
	printf("nothing copied\n");
	exit(0);
}
ERROR { printf("fault\n"); }
