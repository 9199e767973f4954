struct o { int a; };
translator struct o < int i > { a = i; };
BEGIN { self->x = xlate <struct o *> (1); }
