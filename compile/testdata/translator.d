typedef struct psinfo {
	int pr_pid;
	string pr_fname;
	struct psinfo *pr_up;
} psinfo_t;

translator psinfo_t < struct task_struct *T > {
	pr_pid = T->tgid;
	pr_fname = T->comm;
};

inline int twice[int n] = n * 2;
inline struct task_struct *up = curthread->parent;

sched:::on-cpu
{
	trace(xlate <psinfo_t *> (args[0])->pr_pid);
	@[xlate <psinfo_t> (up).pr_fname] = count();
	trace(twice[pid]);
	this->p = xlate <psinfo_t> (curthread);
}
