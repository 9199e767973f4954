BEGIN { pcap(); exit(0); }
