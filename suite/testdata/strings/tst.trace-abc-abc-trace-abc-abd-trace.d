BEGIN { trace("abc" == "abc"); trace("abc" < "abd"); trace("b" >= "abd"); trace("" == 0); exit(0); }
