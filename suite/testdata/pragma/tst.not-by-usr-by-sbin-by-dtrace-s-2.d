BEGIN { exit(0); }
#!/usr/sbin/dtrace -s
