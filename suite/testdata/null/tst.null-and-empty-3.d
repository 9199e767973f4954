self string nn; string aa[int]; string x;
BEGIN { x = strchr("a", 'b'); }
BEGIN { printf("%d", x == ""); }
BEGIN { this->y = pid == 0 ? "a" : x; printf("%d", this->y == NULL); }
BEGIN { this->y = pid == 0 ? "a" : self->nn; printf("%d", this->y == NULL); self->nn = "x"; }
BEGIN { this->y = pid != 0 ? aa[5] : "b"; printf("%d", this->y == NULL); aa[6] = "q"; }
BEGIN { self->nn = pid == 0 ? "a" : aa[5]; printf("%d", self->nn == NULL); }
BEGIN { g = aa[5]; printf("%d", g == NULL); }
BEGIN { aa[7] = ""; printf("%d %d", aa[7] == NULL, aa[7] == ""); }
BEGIN { aa[8] = aa[5]; printf("%d", aa[8] == NULL); }
BEGIN { printf("%s", pid != 0 ? aa[5] : "b"); }
BEGIN { exit(0); }
