struct o { int x; }; translator struct o < int *p > { x = *p; }; BEGIN { trace(xlate <int> ((int *)0)); exit(0); }
