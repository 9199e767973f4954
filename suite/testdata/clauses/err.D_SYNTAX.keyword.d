int { }
