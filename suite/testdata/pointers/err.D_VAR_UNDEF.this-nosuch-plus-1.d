BEGIN { this->nosuch += 1; exit(0); }
