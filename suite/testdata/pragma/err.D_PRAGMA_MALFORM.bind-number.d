#pragma D binding "1.0" 5
BEGIN { }
