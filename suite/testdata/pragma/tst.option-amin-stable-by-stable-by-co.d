#pragma D option amin=Stable/Stable/Common
dtrace:::BEGIN { exit(0); }
