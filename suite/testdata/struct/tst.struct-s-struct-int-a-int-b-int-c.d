/* differs: anonymous members are an extension */
struct s { struct { int a; int b; }; int c; } v; BEGIN { v.b = 3; trace(v.b); exit(0); }
