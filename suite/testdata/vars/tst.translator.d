#pragma D option quiet

struct out { int a; string s; };
struct in { int x; int y; };
translator struct out < struct in *I > { a = I->x + I->y; s = I->x > 1 ? "big" : "small"; };
BEGIN
{
	this->i = (struct in *)alloca(sizeof (struct in));
	this->i->x = 2;
	this->i->y = 5;
	printf("%d %s\n", xlate <struct out> (this->i).a, xlate <struct out *> (this->i)->s);
	exit(0);
}
