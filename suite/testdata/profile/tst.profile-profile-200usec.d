profile:::profile-200usec { exit(0); }
