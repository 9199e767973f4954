const volatile x;
BEGIN { }
