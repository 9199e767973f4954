BEGIN { printf("%d\n", strstr("abc", "abcd") == NULL); printf("[%s]\n", strstr("abcabc", "ca")); exit(0); }
