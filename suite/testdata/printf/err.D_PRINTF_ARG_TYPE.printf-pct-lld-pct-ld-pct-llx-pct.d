BEGIN { printf("%lld %ld %llx %llu %llo", 1LL, 2L, 0xffLL, 5LL, 8LL); exit(0); }
