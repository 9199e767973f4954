BEGIN { trace(vmlinux`nosuchsym); exit(0); }
