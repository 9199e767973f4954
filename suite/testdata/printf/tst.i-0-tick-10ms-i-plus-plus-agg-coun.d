BEGIN { i = 0; } tick-10ms { i++; @ = count(); } tick-10ms /i >= 5/ { exit(0); } END { printf("%d\n", i); }
