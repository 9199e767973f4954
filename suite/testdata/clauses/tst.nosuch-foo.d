/* args: -xzdefs */
nosuch:::foo, BEGIN { exit(0); }
