/* differs: the Linux port does not let programs store in printed memory reliably */
/* hosts: local */
struct in { int a; char b[4]; };
typedef enum ee { AA = 3, BB } ee_t;
BEGIN { this->i = (struct in *)alloca(sizeof (struct in)); this->i->a = 21; this->i->b[0] = 'h'; this->i->b[1] = 'i'; print(this->i); }
BEGIN { this->n = (int *)alloca(4); *this->n = -7; print(this->n); }
BEGIN { this->e = (ee_t *)alloca(4); *this->e = BB; print(this->e); exit(0); }
