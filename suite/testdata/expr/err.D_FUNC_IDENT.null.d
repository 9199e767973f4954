BEGIN { NULL(); }
