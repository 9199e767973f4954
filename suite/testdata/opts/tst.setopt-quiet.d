/* setopt() of quiet holds for rows at once, for columns of values from the next
   firing. */

int n;

BEGIN { trace(1); setopt("quiet"); trace(5); }
BEGIN { trace(1); trace("a"); }
tick-50ms /n == 0/ { trace(1); trace("a"); n = 1; }
tick-50ms /n == 1/ { trace(2); setopt("quiet", "no"); n = 2; }
tick-50ms /n == 2/ { trace(2); trace("x"); n = 3; }
tick-100ms /n == 3/ { trace(3); trace("x"); exit(0); }
END { trace(1); }
