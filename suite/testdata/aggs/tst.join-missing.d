#pragma D option quiet
BEGIN { @a["x"] = avg(-10); @a["x"] = avg(-20); @s["x"] = stddev(-10); @s["x"] = stddev(-20); @a["y"] = avg(10); @s["z"]=stddev(1000000000000); @s["z"]=stddev(-1000000000000); }
BEGIN { printa("%s %@d\n", @a); printa("%s %@d\n", @s); normalize(@a, 3); normalize(@s, 3); printa("%s %@d\n", @a); printa("%s %@d\n", @s); printa(@a); printa(@s); printa("%s %@d %@u %@x\n", @a, @a, @a); }
BEGIN { @m1[1] = sum(-5); @m1[2] = sum(5); @m2[3] = sum(7); @m2[1] = sum(1); @m3[9] = max(-9); @m3[2] = max(-100); printa("%d: %@d %@d %@d\n", @m1, @m2, @m3); printa(@m1, @m2, @m3); printa("%d: %@d %@d %@d\n", @m3, @m2, @m1); setopt("aggsortrev"); printa("%d: %@d %@d %@d\n", @m1, @m2, @m3); printa("%d: %@d %@d %@d\n", @m3, @m1, @m2); setopt("aggsortpos", "2"); printa("%d: %@d %@d %@d\n", @m1, @m2, @m3); }
BEGIN { @q1[1] = quantize(-5); @q1[2] = quantize(5); @q2[2] = count(); @q2[3] = count(); setopt("aggsortpos", "0"); setopt("aggsortrev", "no"); printa("%d %@d %@d\n", @q1, @q2); printa(@q1, @q2); }
BEGIN { exit(0); }
