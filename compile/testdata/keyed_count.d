syscall:::entry
/execname == "cat"/
{
	@[probefunc] = count();
}
