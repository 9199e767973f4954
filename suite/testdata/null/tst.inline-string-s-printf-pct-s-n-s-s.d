/* args: -q */
inline string S = ""; BEGIN { printf("[%s]\n", S); self->a = S; printf("[%s]\n", self->a); exit(0); } ERROR { exit(1); }
