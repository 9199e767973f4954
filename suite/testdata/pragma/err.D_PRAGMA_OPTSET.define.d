#pragma D option define=FOO
BEGIN { }
