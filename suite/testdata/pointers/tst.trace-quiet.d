#pragma D option quiet
struct s { int a; char b[12]; }; struct s g;
BEGIN { g.a = 1; trace(g); printf("|\n"); trace(g.b); printf("|\n"); exit(0); }
