/* hosts: local */
/* Linux has the symbol where all symbols are kept. */
BEGIN { `jiffies = 5; exit(0); }
