BEGIN { trace("abc" < "abd"); trace("abc" <= "abc"); trace("abc" > "ab"); trace("" < "a"); trace("a" != "b"); trace("abc" == "abc\0d"); exit(0); }
