/* args: -c true */
pid$target:a.out:-: { }
