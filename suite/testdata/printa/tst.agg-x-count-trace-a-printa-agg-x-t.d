BEGIN { @x = count(); trace("a"); printa(@x); trace("b"); exit(0); }
