#pragma D option quiet

BEGIN
{
	@a["one", 3] = sum(1); @a["two", 2] = sum(2); @a["three", 1] = sum(3);
	printa(@a);
	setopt("aggsortrev");
	printa(@a);
	setopt("aggsortkey");
	printa(@a);
	exit(0);
}
