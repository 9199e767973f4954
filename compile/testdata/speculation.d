syscall::read:entry
{
	self->spec = speculation();
}

syscall::read:entry
/self->spec/
{
	speculate(self->spec);
}

syscall::read:return
/self->spec && errno/
{
	commit(self->spec);
	self->spec = 0;
}

syscall::read:return
/self->spec/
{
	discard(self->spec);
}
