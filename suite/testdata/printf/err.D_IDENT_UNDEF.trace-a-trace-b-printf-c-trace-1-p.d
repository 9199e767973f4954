BEGIN { trace("a"); trace("b"); printf("c"); trace(1); printa(@x); exit(0); }
