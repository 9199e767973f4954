
BEGIN { trace("abc
def"); }
