#pragma D option quiet

BEGIN
{
	i = 0x123456789abcdef0;
	printf("%x %x %x\n", (uint8_t)i, (uint16_t)i, (uint32_t)i);
	printf("%d %d %d\n", (int8_t)0xff, (int16_t)0xfffe, (int32_t)0xfffffffd);
	printf("%d\n", (char)200);
	printf("%u\n", (uint8_t)-1);
	printf("%d %d\n", sizeof (int), sizeof (long));
	printf("%d %d %d\n", sizeof (char), sizeof (short), sizeof (i));
	exit(0);
}
