/* args: -q */
/* differs:   */
BEGIN
{
	j = "{\"a\": 1, \"b\": {\"c\": \"text\", \"d\": [10, 20, {\"e\": true}]}, \"n\": null, \"neg\": -1.5e3}";
	printf("%s|%s|%s\n", json(j, "a"), json(j, "b.c"), json(j, "b.d[1]"));
	printf("%s|%s|%s\n", json(j, "b.d[2].e"), json(j, "n"), json(j, "neg"));
	printf("%d %d %d\n", json(j, "zzz") == NULL, json(j, "b.d[9]") == NULL, json("{bad", "a") == NULL);
	printf("%d\n", strtoll(json(j, "b.d[0]")) + 1);
	exit(0);
}
