/* args: -xdefaultargs */
tick-$1 { exit(0); }
