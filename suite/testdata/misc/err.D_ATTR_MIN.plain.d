/* args: -xamin=Stable/Stable/Common */
BEGIN { exit(0); }
