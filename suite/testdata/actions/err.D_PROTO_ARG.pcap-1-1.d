BEGIN { pcap(1, 1); exit(0); }
