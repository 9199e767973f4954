BEGIN // {exit(0);}
