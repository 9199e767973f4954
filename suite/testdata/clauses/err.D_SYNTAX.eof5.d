BEGIN {exit(0);} BEGIN
