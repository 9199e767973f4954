profile:::profile-99usec { exit(0); }
