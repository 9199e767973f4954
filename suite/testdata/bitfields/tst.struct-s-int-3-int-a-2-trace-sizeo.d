/* differs: the Linux port gives bit-fields the layout of its type format */
struct s { int :3; int a:2; }; BEGIN { trace(sizeof(struct s)); exit(0); }
