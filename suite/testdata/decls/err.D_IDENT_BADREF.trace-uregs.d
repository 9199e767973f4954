BEGIN { trace(uregs); exit(0); }
