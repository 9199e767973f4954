/* args: -c /bin/true */
pid$target:nosuchlib:main:entry { exit(0); }
