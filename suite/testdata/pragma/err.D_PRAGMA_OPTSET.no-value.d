#pragma D option libdir
BEGIN { }
