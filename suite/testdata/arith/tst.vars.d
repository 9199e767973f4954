#pragma D option quiet

int a;
uint8_t b;
int64_t c;
BEGIN
{
	a = 2147483647;
	a++;
	b = 255;
	b++;
	c = 1;
	c <<= 40;
	printf("%d %d %d\n", a, b, c);
	a = 10; a += 5; printf("%d ", a);
	a -= 3; printf("%d ", a);
	a *= 4; printf("%d ", a);
	a /= 5; printf("%d ", a);
	a %= 4; printf("%d ", a);
	a |= 12; printf("%d ", a);
	a &= 10; printf("%d ", a);
	a ^= 3; printf("%d ", a);
	a <<= 2; printf("%d ", a);
	a >>= 1; printf("%d\n", a);
	exit(0);
}
