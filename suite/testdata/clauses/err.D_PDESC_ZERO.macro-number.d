$pid { }
