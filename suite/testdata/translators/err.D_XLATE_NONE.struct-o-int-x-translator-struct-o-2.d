struct o { int x; }; translator struct o < int *p > { x = *p; }; BEGIN { trace(xlate <struct o> ("a").x); exit(0); }
