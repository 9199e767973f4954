struct pair {
	int a;
	char tag[8];
	unsigned lo : 3;
	int hi : 5;
};
struct pair p, q;
int row[3][4];

BEGIN
{
	p.a = 1;
	p.lo++;
	p.hi = -3;
	q = p;
	by[q] = q;
	by[q].a += 2;
	row[1][2] = 5;
	this->i = 2;
	row[this->i][1] = row[1][this->i];
}
