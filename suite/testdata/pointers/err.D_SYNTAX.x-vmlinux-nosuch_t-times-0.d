BEGIN { x = (vmlinux`nosuch_t *)0; exit(0); }
