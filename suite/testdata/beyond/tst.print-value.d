/* args: -q */
/* differs:   */
struct s { int a; char b; string c; };
struct s v;
BEGIN { v.a = 5; v.b = 'x'; v.c = "str"; print(v); print(7); print("text"); print(v.a); exit(0); }
