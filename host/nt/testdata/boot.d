/* The boot, as an anonymous enabling sees it. */
#pragma D option quiet

BEGIN
{
	printf("enabled before the boot, %d ms after power on\n", timestamp / 1000000);
	first = 1;
}

fbt:nt::entry
/first/
{
	first = 0;
	printf("first probe: %s on thread \"%s\", enable %d, callouts %d\n", probefunc, threadname, nt`KiDynamicTraceEnable, (int)nt`KiDynamicTraceCallouts[0]);
	stack();
}

fbt::DriverEntry:entry
{
	self->ts = timestamp;
}

fbt::DriverEntry:return
/self->ts/
{
	printf("%5d us in DriverEntry of %s\n", (timestamp - self->ts) / 1000, probemod);
	self->ts = 0;
}

syscall:::entry
{
	@calls[execname, probefunc] = count();
}

etw:22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716:0xff_0xffffffffffffffff:*
{
	printf("process %d of %d starts, mode %d\n", *(uint32_t *)(arg0 + 80), *(uint32_t *)(arg0 + 84), curthread->Tcb.PreviousMode);
}

END
{
	printa("%-10s %-24s %@d\n", @calls);
}
