struct o { int a; };
translator struct o < int i > { a = i; };
translator struct o < pid_t i > { a = i; };
BEGIN { }
