BEGIN
{
	y = sym(0);
}
