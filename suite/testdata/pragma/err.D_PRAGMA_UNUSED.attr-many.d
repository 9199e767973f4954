#pragma D attributes Stable/Stable/Common a b
BEGIN{exit(0);}
