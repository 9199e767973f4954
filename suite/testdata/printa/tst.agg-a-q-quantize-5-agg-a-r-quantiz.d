BEGIN { @a["q"] = quantize(5); @a["r"] = quantize(50); printa(@a); printa("%s %@d\n", @a); exit(0); }
