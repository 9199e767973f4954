typedef int foo; typedef char foo; BEGIN { exit(0); }
