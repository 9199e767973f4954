sched:::on-cpu
{
	printf("%s %d %d", args[0]->comm, args[0]->parent->parent->pid, args[0]->fa);
	trace(args[0]->fb);
	trace(args[0]->slots[2]);
	this->i = arg1;
	trace(args[0]->slots[this->i]);
	trace(`jiffies);
	trace(stringof(args[0]->name));
	m = *args[0]->mm;
	trace(m.start);
	print(args[0]->mm);
}
