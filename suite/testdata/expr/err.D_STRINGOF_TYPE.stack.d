BEGIN { trace(stringof(stack())); }
