BEGIN { s["a"] = "hello"; trace(s["a"]); trace(s["b"]); s["a"] = 0; trace(s["a"]); exit(0); }
