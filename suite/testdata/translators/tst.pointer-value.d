/* args: -q */
/* hosts: linux */

/* A pointer to a translated object has the value of the pointer that is translated,
   but cannot be stored. */

BEGIN /curpsinfo/
{
	printf("%d %d %d\n", (uintptr_t)curpsinfo == (uintptr_t)curthread, !curpsinfo, curpsinfo ? 1 : 2);
	printf("%d %d\n", (void *)curpsinfo == (void *)curthread, curpsinfo == curpsinfo);
	printf("%d\n", curpsinfo && 1);
	exit(0);
}

END { printf("%d\n", ((struct task_struct *)curpsinfo)->pid == curthread->pid); }
