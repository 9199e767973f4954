BEGIN { printf("%u %u %u", -1, (char)-1, -1L); exit(0); }
