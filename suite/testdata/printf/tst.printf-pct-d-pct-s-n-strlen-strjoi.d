BEGIN { printf("%d %s\n", strlen("") , strjoin("", "")); printf("%d\n", strlen(strjoin("abc", "def"))); exit(0); }
