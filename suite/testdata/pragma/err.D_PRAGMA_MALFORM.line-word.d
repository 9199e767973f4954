#pragma line foo
BEGIN { }
