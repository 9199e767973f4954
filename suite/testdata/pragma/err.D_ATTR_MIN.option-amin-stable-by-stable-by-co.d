#pragma D option amin=Stable/Stable/Common
BEGIN { exit(0); }
