/* args: IN */
BEG$1 { trace($$1); exit(0); }
