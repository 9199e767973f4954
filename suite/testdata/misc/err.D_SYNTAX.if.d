BEGIN { if { } exit(0); }
