#pragma D depends_on module foo
BEGIN{exit(0);}
