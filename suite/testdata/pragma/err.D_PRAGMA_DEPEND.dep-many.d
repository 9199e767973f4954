#pragma D depends_on library a.d b.d
BEGIN{exit(0);}
