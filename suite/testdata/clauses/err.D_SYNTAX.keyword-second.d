BEGIN, self { }
