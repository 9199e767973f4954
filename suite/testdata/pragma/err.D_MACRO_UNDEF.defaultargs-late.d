BEGIN
{
	trace($1);
	exit(0);
}

#pragma D option defaultargs
