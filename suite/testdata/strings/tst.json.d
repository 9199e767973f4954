#pragma D option quiet

BEGIN
{
	this->j = "{\"a\": 1, \"b\": {\"c\": \"x\", \"d\": [10, 20, 30]}, \"e\": true}";
	printf("%s %s %s %s\n", json(this->j, "a"), json(this->j, "b.c"), json(this->j, "b.d[1]"), json(this->j, "e"));
	printf("%d\n", json(this->j, "nope") == NULL);
	exit(0);
}
