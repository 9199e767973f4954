1:BEGIN { }
