BEGIN { @a["x"] = sum(1000); @a["y"] = sum(500); normalize(@a, 10); printa(@a); denormalize(@a); printa("%s %@d\n", @a); exit(0); }
