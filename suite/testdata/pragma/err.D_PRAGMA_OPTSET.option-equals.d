#pragma D option =quiet
BEGIN { }
