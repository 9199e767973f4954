struct s { int a; };
struct s string x;
BEGIN { }
