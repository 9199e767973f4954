syscall::read:entry
{
	size[pid, execname] += arg2;
	name[pid] = "reader";
	self->last[arg0] = timestamp;
	size[1, "gone"] = 0;
	n[1]++;
}
