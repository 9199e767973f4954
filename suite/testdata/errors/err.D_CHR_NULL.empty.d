
BEGIN { trace(''); }
