int a[4]; int b[2][3]; self int sa[3]; this int ta[3]; struct st { int x; int y[3]; } sv;
BEGIN { a[1] = 11; trace(*&a[1]); b[1][2] = 5; trace(*&b[1][2]);}
BEGIN { this->ta[1] = 7; this->p = &this->ta[1]; trace(*this->p); }
BEGIN { exit(0); }
