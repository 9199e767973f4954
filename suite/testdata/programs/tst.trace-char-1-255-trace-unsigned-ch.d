BEGIN { trace((char)-1 == 255); trace((unsigned char)255 == 255); trace(-1 == 4294967295); trace(-1L == 0xffffffffffffffff); trace(-1 < 0u); trace(5 % -3); trace(-5 % 3); trace(7u % 4); exit(0); }
