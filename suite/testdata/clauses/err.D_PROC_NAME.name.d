/* args: -c true */
pid$target::main:begin { }
