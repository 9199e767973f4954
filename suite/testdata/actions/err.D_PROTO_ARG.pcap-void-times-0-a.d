BEGIN { pcap((void *)0, "a"); exit(0); }
