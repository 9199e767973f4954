syscall::read:entry
{
	if (arg0 == 0)
		printf("stdin\n");
	else if (arg0 == 1)
		printf("stdout %d\n", pid);
	else
		@other = count();
	trace(pid);
}
