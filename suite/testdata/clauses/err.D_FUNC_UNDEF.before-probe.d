nosuch:::probe { nosuch(1); }
