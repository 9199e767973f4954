BEGIN { msgsize(); }
