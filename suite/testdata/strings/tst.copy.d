#pragma D option quiet

BEGIN
{
	a = "first";
	b = a;
	a = "second";
	printf("%s %s\n", a, b);
	x["k", 1] = "val";
	x["k", 2] = strjoin(x["k", 1], "ue");
	printf("%s %s %s\n", x["k", 1], x["k", 2], x["k", 3] == NULL ? "none" : "some");
	self->s = "tls";
	this->s = self->s;
	printf("%s\n", this->s);
	printf("[%s]\n", "");
	exit(0);
}
