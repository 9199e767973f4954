/* args: int */
BEGIN { trace(sizeof($1)); exit(0); }
