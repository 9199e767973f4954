provider p { probe a(int) : (int, int); };
BEGIN{exit(0);}
