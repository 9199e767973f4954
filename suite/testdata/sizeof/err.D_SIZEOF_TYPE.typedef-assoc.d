typedef int foo[int, string];
BEGIN { trace(sizeof (foo)); }
