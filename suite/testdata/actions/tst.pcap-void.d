/* args: -q */
/* hosts: linux */

/* A packet may be given by its address alone: it is taken for that of a
   socket buffer. */

BEGIN /0/ { pcap((void *)arg0, PCAP_ETHER); pcap((unsigned long *)arg0, PCAP_IP); }
BEGIN { printf("done\n"); exit(0); }
