/* args: -q */

/* Names that the libraries define. */

ERROR
{
	printf("%d\n", arg4 == DTRACEFLT_DIVZERO);
}

BEGIN
{
	zero = 0;
	trace(1 / zero);
}

BEGIN
{
	printf("%d %d %d %d %d %d %d %d %d %d\n", DTRACEFLT_UNKNOWN, DTRACEFLT_BADADDR, DTRACEFLT_BADALIGN, DTRACEFLT_ILLOP,
	    DTRACEFLT_DIVZERO, DTRACEFLT_NOSCRATCH, DTRACEFLT_KPRIV, DTRACEFLT_UPRIV, DTRACEFLT_TUPOFLOW, DTRACEFLT_BADSTACK);
	printf("%d %d %d %d\n", RW_READER, PCAP_ETHER, TH_SYN | TH_ACK, IPPROTO_OSPF);
	printf("%s %s %s\n", tcp_state_string[TCP_STATE_LISTEN], tcp_state_string[1], tcp_state_string[40]);
	printf("%d %d %d %d\n", sizeof(time_t), sizeof(timestruc_t), sizeof(cpuinfo_t_p), sizeof(netstackid_t));
	printf("%d %d\n", EHWPOISON, O_FSYNC);
	exit(0);
}
