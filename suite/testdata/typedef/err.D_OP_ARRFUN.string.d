typedef string foo;
foo x;
BEGIN { x = "abc"; }
