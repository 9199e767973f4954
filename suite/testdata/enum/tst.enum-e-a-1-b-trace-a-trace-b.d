/* differs: the Linux port has unsigned enumerators */
enum e { A = -1, B }; BEGIN { trace(A); trace(B); exit(0); }
