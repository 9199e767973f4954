BEG/IN { exit(0); }
