sched:::on-cpu
{
	@[stack(3), ustack(2), pid] = count();
	@s[sym(arg0), usym(arg1)] = sum(1);
	stack(2);
	usym(ucaller);
}
