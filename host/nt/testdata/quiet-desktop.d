/* Who is awake on a quiet desktop, and what Notepad writes. */
#pragma D option quiet

syscall:::entry
{
	@calls[execname] = count();
}

syscall::NtCreateFile:entry
{
	this->name = ((nt`OBJECT_ATTRIBUTES *)arg2)->ObjectName;
	printf("%s (%d) opens %d bytes of name\n", execname, pid, this->name->Length);
}

syscall::NtWriteFile:entry
{
	printf("%s writes %d bytes: %s\n", execname, args[6], copyinstr(arg5));
	ustack();
}

fbt:ntfs:NtfsFsdWrite:entry
{
	printf("in the file system, irql %d\n", irql);
	stack();
}

etw:22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716:0x04_0x10:1
{
	this->h = (nt`_EVENT_HEADER *)arg0;
	printf("process start: pid %d, parent %d, event of %d bytes from pid %d\n", *(uint32_t *)(arg0 + 80), *(uint32_t *)(arg0 + 92),
	    this->h->Size, this->h->ProcessId);
}

pid5120:notepad:wWinMain:entry
{
	self->t = timestamp;
	printf("wWinMain(%s, %d)\n", copyinstr(arg2), arg3);
}

pid5120:notepad:wWinMain:return
/self->t/
{
	printf("Notepad was open for %d ms\n", (timestamp - self->t) / 1000000);
}

tick-1sec
{
	printf("%d second(s)\n", ++seconds);
}

END
{
	printa("%-16s %@5d\n", @calls);
}
