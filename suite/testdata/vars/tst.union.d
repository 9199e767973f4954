#pragma D option quiet

union u { uint32_t w; uint8_t b[4]; };
BEGIN
{
	this->u = (union u *)alloca(sizeof (union u));
	this->u->w = 0x01020304;
	printf("%d %d\n", this->u->b[0], this->u->b[3]);
	exit(0);
}
