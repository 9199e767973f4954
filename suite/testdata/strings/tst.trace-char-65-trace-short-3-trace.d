BEGIN { trace((char)65); trace((short)3); trace(3); trace(3L); trace((unsigned char)200); trace((unsigned short)3); trace(3u); trace(3UL); trace("x"); trace((void *)5); exit(0); }
