struct o { int x; }; translator struct o < void *p > { x = 1; }; BEGIN { trace(xlate <struct o> ((void *)1).x); exit(0); }
