#pragma D option quiet

BEGIN
{
	i = 3;
	if (i > 2) {
		printf("gt");
		if (i == 3) {
			printf(" three\n");
		} else {
			printf(" other\n");
		}
	} else {
		printf("le\n");
	}
	if (i < 0) { printf("neg\n"); }
	else if (i == 0) { printf("zero\n"); }
	else { printf("pos\n"); }
	exit(0);
}
