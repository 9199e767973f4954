#
BEGIN { exit(0); }
