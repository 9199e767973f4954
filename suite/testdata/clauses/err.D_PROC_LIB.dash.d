/* args: -c true */
pid$target:libc.so.6:-:1f0 { }
