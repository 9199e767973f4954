#pragma D attributes Stable/Stable/Common provider p foo
BEGIN{exit(0);}
