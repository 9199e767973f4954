/* args: -q */
/* Loops in clauses of several probes, beside others with records. */
int n;
BEGIN, END /n < 100/ { for (this->i = 0; this->i < 10; this->i++) { n += this->i; } printf("%s %d %d\n", probename, this->i, n); }
BEGIN /n == 45/ { this->x = n; do { this->x--; if (this->x % 7 == 0) { break; } } while (this->x); printf("%d\n", this->x); exit(0); }
END { printf("%d\n", n); }
