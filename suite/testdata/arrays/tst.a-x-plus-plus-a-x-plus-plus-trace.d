BEGIN { a["x"]++; a["x"]++; trace(a["x"]); a["y"] += 5; trace(a["y"]); exit(0); }
