/*
 * psinfo_t and lwpsinfo_t: a process and a thread as proc(5) of Solaris shows
 * them, made of Linux's task_struct or of a thread of a recorded Windows trace.
 */
#pragma D depends_on library sched.d
#pragma D depends_on library task.d

inline char SSLEEP = 1;
inline char SRUN = 2;
inline char SZOMB = 3;
inline char SSTOP = 4;
inline char SIDL = 5;
inline char SONPROC = 6;
inline char SWAIT = 7;

inline int PR_MODEL_UNKNOWN = 0;
inline int PR_MODEL_ILP32 = 1;
inline int PR_MODEL_LP64 = 2;

inline int PR_STOPPED = 0x00000001;
inline int PR_ISTOP = 0x00000002;
inline int PR_DSTOP = 0x00000004;
inline int PR_ASLEEP = 0x00000020;
inline int PR_DETACH = 0x00000080;
inline int PR_DAEMON = 0x00000100;
inline int PR_AGENT = 0x00000040;
inline int PR_KTHREAD = 0x00000200;
inline int PR_IDLE = 0x10000000;
inline int PR_PTRACE = 0x04000000;

typedef int dprojid_t;
typedef int poolid_t;
typedef long time_t;
typedef struct timestruc {
	time_t tv_sec;
	long tv_nsec;
} timestruc_t;

typedef struct lwpsinfo {
	int pr_flag;
	id_t pr_lwpid;
	uintptr_t pr_addr;
	uintptr_t pr_wchan;
	char pr_stype;
	char pr_state;
	char pr_sname;
	char pr_nice;
	short pr_syscall;
	char pr_oldpri;
	char pr_cpu;
	int pr_pri;
	ushort_t pr_pctcpu;
	uint64_t pr_start;
	uint64_t pr_time;
	string pr_clname;
	string pr_name;
	processorid_t pr_onpro;
	processorid_t pr_bindpro;
	psetid_t pr_bindpset;
	int pr_lgrp;
} lwpsinfo_t;

typedef struct psinfo {
	int pr_flag;
	int pr_nlwp;
	pid_t pr_pid;
	pid_t pr_ppid;
	pid_t pr_pgid;
	pid_t pr_sid;
	uid_t pr_uid;
	uid_t pr_euid;
	gid_t pr_gid;
	gid_t pr_egid;
	uintptr_t pr_addr;
	size_t pr_size;
	size_t pr_rssize;
	uint32_t pr_ttydev;
	ushort_t pr_pctcpu;
	ushort_t pr_pctmem;
	uint64_t pr_start;
	uint64_t pr_time;
	uint64_t pr_ctime;
	string pr_fname;
	string pr_psargs;
	int pr_wstat;
	int pr_argc;
	uintptr_t pr_argv;
	uintptr_t pr_envp;
	char pr_dmodel;
	taskid_t pr_taskid;
	projid_t pr_projid;
	int pr_nzomb;
	int pr_poolid;
	zoneid_t pr_zoneid;
	int pr_contract;
	lwpsinfo_t pr_lwp;
} psinfo_t;

inline char __lwp_state[struct task_struct *T] =
	T->exit_state != 0 ? 3 :
	T->on_cpu != 0 ? 6 :
	__task_state[T] == 0 ? 2 :
	(__task_state[T] & 0xc) != 0 ? 4 : 1;

inline char __lwp_sname[struct task_struct *T] =
	T->exit_state != 0 ? 'Z' :
	T->on_cpu != 0 ? 'O' :
	__task_state[T] == 0 ? 'R' :
	(__task_state[T] & 0xc) != 0 ? 'T' : 'S';

translator lwpsinfo_t < struct task_struct *T > {
	pr_flag = T->mm == NULL ? 0x200 : 0;
	pr_lwpid = T->pid;
	pr_addr = (uintptr_t)T;
	pr_wchan = 0;
	pr_stype = 0;
	pr_state = __lwp_state[T];
	pr_sname = __lwp_sname[T];
	pr_nice = T->static_prio - 120;
	pr_syscall = 0;
	pr_oldpri = 0;
	pr_cpu = 0;
	pr_pri = T->prio;
	pr_pctcpu = 0;
	pr_start = T->start_time;
	pr_time = T->utime + T->stime;
	pr_clname = T->policy == 0 ? "TS" : T->policy == 1 ? "FIFO" : T->policy == 2 ? "RR" :
	    T->policy == 3 ? "BATCH" : T->policy == 5 ? "IDLE" : T->policy == 6 ? "DL" : "EXT";
	pr_name = stringof(T->comm);
	pr_onpro = __task_cpu[T];
	pr_bindpro = T->nr_cpus_allowed == 1 ? __task_cpu[T] : -1;
	pr_bindpset = -1;
	pr_lgrp = 0;
};

translator psinfo_t < struct task_struct *T > {
	pr_flag = T->mm == NULL ? 0x200 : 0;
	pr_nlwp = T->signal->nr_threads;
	pr_pid = T->tgid;
	pr_ppid = T->real_parent->tgid;
	pr_pgid = T->signal->pids[2]->numbers[0].nr;
	pr_sid = T->signal->pids[3]->numbers[0].nr;
	pr_uid = T->cred->uid.val;
	pr_euid = T->cred->euid.val;
	pr_gid = T->cred->gid.val;
	pr_egid = T->cred->egid.val;
	pr_addr = (uintptr_t)T;
	pr_size = T->mm == NULL ? 0 : T->mm->total_vm * 4;
	pr_rssize = T->mm == NULL ? 0 : __mm_rss[T->mm] * 4;
	pr_ttydev = T->signal->tty == NULL ? -1 : (T->signal->tty->driver->major << 20) | T->signal->tty->index;
	pr_pctcpu = 0;
	pr_pctmem = 0;
	pr_start = T->group_leader->start_time;
	pr_time = T->utime + T->stime;
	pr_ctime = T->signal->cutime + T->signal->cstime;
	pr_fname = stringof(T->group_leader->comm);
	pr_psargs = T->tgid == pid ? execargs : stringof(T->comm);
	pr_wstat = T->exit_code;
	pr_argc = 0;
	pr_argv = T->mm == NULL ? 0 : T->mm->arg_start;
	pr_envp = T->mm == NULL ? 0 : T->mm->env_start;
	pr_dmodel = 2;
	pr_taskid = 0;
	pr_projid = 0;
	pr_nzomb = 0;
	pr_poolid = 0;
	pr_zoneid = 0;
	pr_contract = 0;
	pr_lwp = xlate <lwpsinfo_t> (T);
};

translator lwpsinfo_t < struct etl_thread *T > {
	pr_flag = T->pid == 0 ? 0x10000000 : 0;
	pr_lwpid = T->tid;
	pr_addr = (uintptr_t)T;
	pr_wchan = 0;
	pr_stype = 0;
	pr_state = T->state;
	pr_sname = T->sname;
	pr_nice = 0;
	pr_syscall = 0;
	pr_oldpri = 0;
	pr_cpu = 0;
	pr_pri = T->pri;
	pr_pctcpu = 0;
	pr_start = T->start;
	pr_time = T->cputime;
	pr_clname = "NT";
	pr_name = T->threadname;
	pr_onpro = T->cpu;
	pr_bindpro = -1;
	pr_bindpset = -1;
	pr_lgrp = 0;
};

translator psinfo_t < struct etl_thread *T > {
	pr_flag = T->pid == 0 ? 0x10000000 : 0;
	pr_nlwp = T->nlwp;
	pr_pid = T->pid;
	pr_ppid = T->ppid;
	pr_pgid = T->pid;
	pr_sid = T->session;
	pr_uid = T->uid;
	pr_euid = T->uid;
	pr_gid = 0;
	pr_egid = 0;
	pr_addr = T->addr;
	pr_size = 0;
	pr_rssize = 0;
	pr_ttydev = -1;
	pr_pctcpu = 0;
	pr_pctmem = 0;
	pr_start = T->start;
	pr_time = T->cputime;
	pr_ctime = 0;
	pr_fname = T->name;
	pr_psargs = T->psargs;
	pr_wstat = T->exit;
	pr_argc = 0;
	pr_argv = 0;
	pr_envp = 0;
	pr_dmodel = 0;
	pr_taskid = 0;
	pr_projid = 0;
	pr_nzomb = 0;
	pr_poolid = 0;
	pr_zoneid = 0;
	pr_contract = 0;
	pr_lwp = xlate <lwpsinfo_t> (T);
};

inline psinfo_t *curpsinfo = xlate <psinfo_t *> (curthread);
inline lwpsinfo_t *curlwpsinfo = xlate <lwpsinfo_t *> (curthread);
