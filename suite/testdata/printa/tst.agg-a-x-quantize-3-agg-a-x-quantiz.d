BEGIN { @a["x"] = quantize(3); @a["x"] = quantize(300); printa("[%s]%@d\n", @a); printa(@a); exit(0); }
