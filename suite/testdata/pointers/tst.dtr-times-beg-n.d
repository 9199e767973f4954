dtr*:::BEG?N { exit(0); }
