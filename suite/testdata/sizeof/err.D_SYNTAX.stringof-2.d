BEGIN { stringof(); }
