#pragma D option quiet

tick-1ms { n++; }
tick-1ms /n == 5/ { printf("five\n"); exit(0); }
