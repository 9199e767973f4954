/* args: int */
BEGIN { trace(($1)3); exit(0); }
