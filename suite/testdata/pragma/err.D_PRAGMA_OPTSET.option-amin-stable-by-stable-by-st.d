#pragma D option amin=Stable/Stable/Stable
BEGIN { exit(0); }
