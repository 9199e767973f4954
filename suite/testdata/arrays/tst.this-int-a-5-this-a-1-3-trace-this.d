this int a[5]; BEGIN { this->a[1] = 3; trace(this->a[1]); exit(0); }
