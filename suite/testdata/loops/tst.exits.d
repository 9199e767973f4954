/* args: -q */
/* Every way out of a loop: its condition, break, continue, the bound, a fault. */
int n;
int m;
self int t;
string g;
int a[int];
BEGIN { for (this->i = 0; this->i < 20; this->i++) for (this->j = 0; this->j < 20; this->j++) { if (this->j > this->i) break; m += this->i ^ this->j; } printf("%d\n", m); }
BEGIN { this->i = 0; while (1) { if (this->i++ > 50) { if (this->i & 1) continue; break; } self->t += this->i; } printf("%d %d\n", this->i, self->t); }
BEGIN { this->i = 0; do { n++; @[n % 3] = sum(n); @c = count(); } while (++this->i < 90); printf("%d\n", n); }
BEGIN { this->p = (char *)alloca(16); for (this->i = 0; this->i < 16; this->i++) this->p[this->i] = 'a' + this->i; this->p[15] = 0; printf("%s\n", stringof(this->p)); }
BEGIN { g = "x"; for (this->i = 0; this->i < 5; this->i++) { g = strjoin(g, lltostr(this->i)); if (index(g, "3") > 0) { n = strlen(g); } } printf("%s %d\n", g, n); }
BEGIN { printf("before "); for (this->i = 5; this->i >= 0; this->i--) { n = 100 / this->i; } printf("never\n"); }
BEGIN { for (this->i = 0; this->i < 9; this->i++) { for (this->j = 0; this->j < 9; this->j++) { for (this->k = 0; this->k < 9; this->k++) { if (this->k == 7) break; n++; } if (this->j == 5) break; } } printf("%d\n", n); }
BEGIN { while (1) { a[1]++; } }
BEGIN { printf("%d\n", a[1]); }
BEGIN { for (this->i = 0; this->i < 9; this->i++) { if (this->i == 4) { break; } n = this->i; } exit(0); }
ERROR { for (this->i = 0; this->i < 3; this->i++) { m = this->i; } printf("fault %d %d\n", m, arg4); }
END { printf("end %d\n", n); }
