BEGIN { @a = count(); } BEGIN /@a/ { exit(0); } 
