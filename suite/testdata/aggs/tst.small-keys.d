#pragma D option quiet
BEGIN { printf("%d %d %d %d %d\n", -1 >> 40, -1L >> 1, -256 >> 4, (short)-1 >> 3, -8LL >> 2); @[(char)-1] = count(); @[(char)1] = count(); @b[(short)-1] = sum(1); @b[(short)1] = sum(1); printa("%d %@d\n", @); printa(@); printa("%d\n", @b); setopt("aggsortkey"); printa(@); printa(@b); exit(0); }
