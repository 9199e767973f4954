syscall::read:entry
{
	self->ts = timestamp;
}

syscall::read:return
/self->ts/
{
	@[execname, errno] = quantize(timestamp - self->ts);
	self->ts = 0;
}
