#pragma D attributes Stable/Stable/Common 5
BEGIN{exit(0);}
