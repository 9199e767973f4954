tick-10ms { i++; } tick-10ms /i == 3/ { printf("%d\n", i); exit(0); } END { trace("end"); }
