BEGIN { x = "abc
def"; exit(0); }
