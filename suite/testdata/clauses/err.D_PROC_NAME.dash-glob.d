/* args: -c true */
pid$target::-:1* { }
