BEGIN { printf("%x %x %x", -1, (char)-1, -1L); exit(0); }
