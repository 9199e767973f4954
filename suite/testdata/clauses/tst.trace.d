
BEGIN
{
	trace((char)1); trace((short)2); trace(3); trace(4LL); trace((unsigned char)5); trace(6U); trace(7ULL);
	trace("s");
	exit(0);
}
