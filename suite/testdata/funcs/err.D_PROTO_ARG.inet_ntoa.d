BEGIN { inet_ntoa((int *)0); }
