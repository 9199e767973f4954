#pragma D option quiet

BEGIN
{
	printf("|%5d|%-5d|%05d|%+d|% d|\n", 42, 42, 42, 42, 42);
	printf("|%x|%X|%#x|%o|%#o|\n", 255, 255, 255, 8, 8);
	printf("|%5.3d|%.2d|\n", 7, 7);
	printf("|%*d|%-*d|\n", 6, 1, 6, 1);
	printf("|%d|%i|%u|\n", -1, -1, (uint32_t)-1);
	printf("|%hd|%ld|%lld|\n", (short)5, (long)6, (long long)7);
	printf("%%|%c|\n", 'q');
	exit(0);
}
