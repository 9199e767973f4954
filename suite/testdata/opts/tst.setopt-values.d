/* stderr: option "nosuch" to "ab": Invalid option name\n.*option "BEGIN" to "1": Invalid option name */

/* Names and values of options may be any strings. */

BEGIN { x = "qui"; setopt(strjoin(x, "et")); }
BEGIN { setopt("nosuch", strjoin("a", "b")); setopt(probename); }
BEGIN { setopt(strjoin("aggsort", "rev")); @[1] = sum(3); @[2] = sum(1); printa(@); exit(0); }
