struct s { int a; };
struct s x;
enum e { A };
BEGIN { trace(x.A); }
