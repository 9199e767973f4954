#pragma D option quiet

BEGIN
{
	this->s = "one,two;;three";
	printf("%s\n", strtok(this->s, ",;"));
	printf("%s\n", strtok(NULL, ",;"));
	printf("%s\n", strtok(NULL, ",;"));
	printf("%d\n", strtok(NULL, ",;") == NULL);
	exit(0);
}
