int a[int, string]; BEGIN { a[1, "a"] = 3; trace(a[1, "a"]); exit(0); }
