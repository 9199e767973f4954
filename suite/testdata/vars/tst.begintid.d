/* args: -q */
/* hosts: linux */

/* BEGIN and END run on dtrace's first thread. */

BEGIN
{
	printf("%d %d %d\n", pid == $pid, tid == pid, curlwpsinfo->pr_lwpid == pid);
	exit(0);
}

END
{
	printf("%d\n", tid == pid);
}
