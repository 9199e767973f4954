dtrace::: { exit(0); }
