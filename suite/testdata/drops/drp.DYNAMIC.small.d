#pragma D option dynvarsize=1k
#pragma D option quiet

tick-1ms { a[i++] = 1; }
tick-1ms /i > 300/ { exit(0); }
