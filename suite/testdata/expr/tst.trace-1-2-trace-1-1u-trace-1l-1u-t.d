BEGIN { trace(1 < 2); trace(-1 < 1u); trace(-1L < 1u); trace(!5); trace(~5); trace(5 ^^ 3); trace(0 ^^ 3); exit(0); }
