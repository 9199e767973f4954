/* args: -q */
enum e { A = 5 };
struct s { int a; int A; };
struct s x;
BEGIN { x.A = 3; printf("%d %d\n", x.A, A); exit(0); }
