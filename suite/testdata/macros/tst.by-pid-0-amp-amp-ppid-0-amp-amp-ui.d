BEGIN /$pid > 0 && $ppid > 0 && $uid == 0 && $gid == 0 && $euid == 0 && $egid == 0 && $pgid >= 0 && $sid >= 0/ { exit(0); }
