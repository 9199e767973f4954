enum e { A };
struct f { enum e a:3; };
BEGIN{exit(0);}
