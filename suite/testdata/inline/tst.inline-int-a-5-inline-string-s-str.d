inline int A = 5; inline string S = "str"; inline int B = A * 2; inline int C = pid; BEGIN { trace(A); trace(S); trace(B); trace(C == pid); exit(0); }
