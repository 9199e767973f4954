provider dtrace { probe BEGIN(int); };
BEGIN{exit(0);}
