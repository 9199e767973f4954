syscall::write:entry
{
	trace(copyinstr(arg1, 32));
	trace(stringof(args[1]));
	tracemem(copyin(arg1, 16), 16);
	trace(*args[1]);
}
