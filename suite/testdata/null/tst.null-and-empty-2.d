self string u; self string k; string a2; 
BEGIN { printf("%d", "" == NULL); }
BEGIN { printf("%d", self->u == strchr("a", 'b')); self->u = "b"; }
BEGIN { printf("%d", strchr("a", 'b') < "a"); }
BEGIN { printf("%d", strchr("a", 'b') != "a"); }
BEGIN { printf("%d", "" != strstr("abc", "x")); }
BEGIN { self->k = "q"; self->k = 0; printf("%d", self->k == ""); }
BEGIN { printf("%d", self->k != ""); }
BEGIN { printf("%s", pid == 0 ? "a" : self->k); }
BEGIN { printf("%s", strchr("abc", 'z')); }
BEGIN { printf("%d", index(self->k, "a")); }
BEGIN { printf("%s", basename(self->k)); }
BEGIN { printf("%s", substr(self->k, 1)); }
BEGIN { printf("%d", self->k > "a"); }
BEGIN { a[self->k] = 1; printf("%d", a[""]); }
BEGIN { @[self->k] = count(); }
BEGIN { @[strchr("a", 'b')] = count(); }
BEGIN { exit(0); }
