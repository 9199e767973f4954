#pragma D option quiet

BEGIN
{
	this->p = alloca(20);
	*(uint64_t *)this->p = 0x6867666564636261;
	tracemem(this->p, 20);
	exit(0);
}
