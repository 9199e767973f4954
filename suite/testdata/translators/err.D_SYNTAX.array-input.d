struct o { int a; };
translator struct o < int i[5] > { a = 1; };
BEGIN { }
