BEGIN { x = 0; 1 || (x = 5); trace(x); 0 && (x = 6); trace(x); 1 && (x = 7); trace(x); 0 || (x = 8); trace(x); 1 ? (x = 9) : (x = 10); trace(x); exit(0); }
