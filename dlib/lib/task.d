/*
 * Members of task_struct and mm_struct that kernels name differently. Of
 * several inlines of one name in a library, the first whose types exist binds.
 */
inline uint64_t __task_state[struct task_struct *T] = T->__state;
inline uint64_t __task_state[struct task_struct *T] = T->state;

inline int __task_cpu[struct task_struct *T] = T->thread_info.cpu;
inline int __task_cpu[struct task_struct *T] = T->cpu;

inline int64_t __mm_rss[struct mm_struct *M] =
	M->rss_stat[0].count + M->rss_stat[1].count + M->rss_stat[3].count;
inline int64_t __mm_rss[struct mm_struct *M] =
	M->rss_stat.count[0].counter + M->rss_stat.count[1].counter + M->rss_stat.count[3].counter;
