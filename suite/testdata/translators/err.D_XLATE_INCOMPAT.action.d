struct o { int a; };
translator struct o < int i > { a = trace(1); };
BEGIN { }
