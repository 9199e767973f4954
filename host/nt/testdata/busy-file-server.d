/* What a file server does: reads and writes by process, how long they take. */
#pragma D option quiet

syscall::NtReadFile:entry,
syscall::NtWriteFile:entry
{
	self->ts = timestamp;
	@bytes[execname, probefunc] = sum(arg6);
}

syscall::NtReadFile:return,
syscall::NtWriteFile:return
/self->ts/
{
	@us[execname, probefunc] = quantize((timestamp - self->ts) / 1000);
	self->ts = 0;
}

syscall:::return
/(int)arg0 < 0/
{
	@failed[execname, probefunc, (uint32_t)arg0] = count();
}

fbt:ntfs:NtfsFsd*:entry,
fbt:tcpip::entry
{
	@driver[probemod, probefunc] = count();
}

etw:d48ce617-33a2-4bc3-a5c7-11aa4f29619e:0xff_0xffffffffffffffff:*
{
	@events["SMBServer"] = lquantize(*(uint32_t *)(arg0 + 88) / 1024, 0, 1024, 256);
}

profile-997hz
/execname != "Idle"/
{
	@hot[execname] = count();
}

END
{
	printa("%-12s %-12s %@d bytes\n", @bytes);
	printa("%-12s %-12s %@d us\n", @us);
	printa("%-12s %-14s %08x %@d\n", @failed);
	printa("%s`%s %@d\n", @driver);
	printa("%s %@d\n", @events);
	printa("on CPU: %-12s %@d\n", @hot);
}
