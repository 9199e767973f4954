BEGIN { trace(`); }
