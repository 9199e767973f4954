#pragma D option quiet
BEGIN { @s["a"] = sum(-300); @s["b"] = sum(200); @mi["a"] = min(-300); @mi["b"] = min(5); @ma["a"] = max(-300); @av["a"] = avg(-300); @sd["a"] = stddev(-300); @sd["a"] = stddev(300); @c["a"] = count(); @c["z"] = count(); @q["a"] = quantize(-100); @q["a"] = quantize(-100); }
BEGIN { printa("%s %@d\n", @s); printa("%s %@d %@d\n", @s, @c); printa("%s %@d %@d\n", @c, @s); printa("%s %@d %@d %@d\n", @mi, @ma, @av); printa("%s %@u %@x %@i\n", @s, @s, @s); printa("%s %@d\n", @sd); printa("%s %@8d|%@-8d|\n", @s, @s); }
BEGIN { normalize(@s, 10); normalize(@mi, 10); normalize(@ma, 10); normalize(@av, 10); normalize(@sd, 10); normalize(@q, 2); }
BEGIN { printa(@s); printa(@mi); printa(@ma); printa(@av); printa(@sd); printa(@q); }
BEGIN { printa("%s %@d\n", @s); printa("%s %@d\n", @mi); printa("%s %@d\n", @ma); printa("%s %@d\n", @av); printa("%s %@d\n", @sd); printa("%s %@d %@d\n", @s, @mi); printa(@s, @mi); }
BEGIN { exit(0); }
