struct o { int x; }; translator struct o < int *p > { x = *p; }; BEGIN { trace(xlate <struct o> (1)); exit(0); }
