syscall::read:entry
/pid == 5 && execname != "sh"/
{
	trace(pid);
	trace(execname);
	trace(timestamp);
	trace(timestamp);
}
