#pragma D option zdefs=0
BEGIN { }
