BEGIN { x ** 2; }
