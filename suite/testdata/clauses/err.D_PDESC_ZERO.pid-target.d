/* args: -c true */
pid$target:nosuch:nosuch:entry { }
