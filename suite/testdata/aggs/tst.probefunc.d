#pragma D option quiet

BEGIN { @[probename] = count(); @k[probeprov, probefunc] = count(); }
END { @[probename] = count(); }
BEGIN { exit(0); }
