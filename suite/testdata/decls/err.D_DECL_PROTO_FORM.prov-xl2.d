provider p { probe a(int x) : (int y); };
BEGIN{exit(0);}
