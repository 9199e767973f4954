struct o { int x; }; translator struct o < int p > { x = p + 1; }; BEGIN { trace(xlate <struct o> (4).x); exit(0); }
