profile:::tick-500us,tick-1sec,tick-1s,tick-1m,tick-1min,tick-1h,tick-1hour,tick-1d,tick-1day,tick-100000000ns,tick-100000000nsec { exit(0); }
