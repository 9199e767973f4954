#pragma D option setenv=A=b
BEGIN { }
