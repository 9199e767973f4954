BEGIN { @a[1,2] = sum(3); @a[1,3] = sum(4); @a[2,1] = sum(1); printa("%d,%d=%@d\n", @a); setopt("aggsortkey"); printa("%d,%d=%@d\n", @a); setopt("aggsortrev"); printa("%d,%d=%@d\n", @a); exit(0); }
