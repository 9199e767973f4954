BEGIN { a[1,"x"] = 5; a[2,"y"] = 6; trace(a[1,"x"]); trace(a[2,"y"]); trace(a[3,"z"]); a[1,"x"] = 0; trace(a[1,"x"]); exit(0); }
