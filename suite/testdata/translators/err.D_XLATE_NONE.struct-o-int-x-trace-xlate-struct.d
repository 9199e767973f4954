struct o { int x; }; BEGIN { trace(xlate <struct o> (1).x); exit(0); }
