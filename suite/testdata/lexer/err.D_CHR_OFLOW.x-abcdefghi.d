BEGIN { x = 'abcdefghi'; exit(0); }
