BEGIN { trace(htons(0x1234)); trace(htonl(0x12345678)); trace(htonll(0x123456789abcdef0)); trace(ntohs(0x1234)); trace(ntohl(0x12345678)); trace(ntohll(1)); exit(0); }
