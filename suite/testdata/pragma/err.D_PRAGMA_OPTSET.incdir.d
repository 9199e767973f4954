#pragma D option incdir=/tmp
BEGIN { }
