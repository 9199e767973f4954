#pragma error foo
BEGIN{exit(0);}
