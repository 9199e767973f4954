/* args: -q */
/* differs:   */
BEGIN
{
	x = 3;
	if (x == 1) {
		printf("one\n");
	} else if (x == 2) {
		printf("two\n");
	} else {
		if (x == 3) {
			y = 30;
			if (y > 20) {
				printf("deep %d\n", y);
			} else {
				printf("no\n");
			}
		}
		printf("after\n");
	}
	if (x) { z = 1; } else { z = 2; }
	printf("%d\n", z);
	exit(0);
}
