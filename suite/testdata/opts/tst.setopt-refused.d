/* args: -q */
/* stderr: option "nosuch" to "1": Invalid option name\n.*option "nosuch" to "5": Invalid option name\n.*option "aggrate" to "bogus": Invalid value for specified option.*\n.*option "bufsize" to "1k": Operation illegal when tracing is active\n.*"strsize" to "1": Operation illegal */

/* setopt() refuses options that there are not, values, and options that buffers
   were made by; the program goes on. */

BEGIN { setopt("nosuch"); setopt("nosuch", "5"); }
BEGIN { setopt("aggrate", "bogus"); }
BEGIN { setopt("bufsize", "1k"); setopt("strsize"); }
BEGIN { setopt("aggsortrev"); @[1] = sum(3); @[2] = sum(1); printa(@); exit(0); }
