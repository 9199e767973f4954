string g; self string sl;
BEGIN { printf("[%s]", g == NULL ? "null" : "non"); printf("[%d]", g == ""); printf("[%d]", strlen(g)); }
BEGIN { trace(g); }
BEGIN { printf("[%s]", strjoin(g, "x")); }
BEGIN { g = "a"; g = NULL; printf("[%d]", g == NULL); }
BEGIN { trace(g); }
BEGIN { printf("[%s]", g); }
BEGIN { self->sl = ""; printf("[%d %d]", self->sl == NULL, self->sl == ""); }
BEGIN { self->sl = NULL; printf("[%d %d]", self->sl == NULL, self->sl != NULL); }
BEGIN { x = strchr("a", 'b'); printf("[%d]", x == NULL); }
BEGIN { y = x; printf("[%d]", y == NULL); }
BEGIN { this->z = x; printf("[%d]", this->z == NULL); }
BEGIN { exit(0); }
