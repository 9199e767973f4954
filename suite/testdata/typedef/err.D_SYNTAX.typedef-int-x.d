BEGIN { typedef int x; }
