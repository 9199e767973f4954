BEGIN { @a["abc\ndef"] = count(); @a[""] = count(); exit(0); }
